package dev.weft.jobs;

import dev.weft.jobs.search.SearchJob;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Search, with its everyday settings as options. */
final class SearchCommand extends SessionCommand {
  @Option(names = "--image", paramLabel = "URI", description = "The reference image: a file.")
  private String image;

  @Option(
      names = "--image-id",
      paramLabel = "ID",
      description = "The reference image: one of the index.")
  private String imageId;

  @Option(
      names = "--exclude-reference",
      description = "Leaves the image of --image-id, or image_id of --queries, out.")
  private boolean excludeReference;

  @Option(names = "--text", paramLabel = "TEXT", description = "The sentence.")
  private String text;

  @Option(
      names = "--queries",
      paramLabel = "FILE",
      description = "JSON lines of queries, or a Parquet file; answers go to the search artefact.")
  private String queries;

  @Option(names = "--k", paramLabel = "K", description = "How many answers.")
  private Integer k;

  @Option(
      names = "--filter",
      paramLabel = "CONDITION",
      description = "Which images are candidates, such as \"category = 'dress' AND price < 50\".")
  private String filter;

  @Option(names = "--head", paramLabel = "HEAD", description = "The fusion head.")
  private String head;

  SearchCommand(Commands.Console console) {
    super(console);
  }

  @Override
  Map<String, Object> run(Session session) {
    StageResult result = SearchJob.run(session).announced(session.progress());
    SearchJob.lines(result).forEach(console().out()::println);
    return result.fields();
  }

  @Override
  List<String> ownPairs() {
    List<String> pairs = new ArrayList<>();
    addTo(pairs, "image", image);
    addTo(pairs, "image-id", imageId);
    addTo(pairs, "text", text);
    addTo(pairs, "queries", queries);
    addTo(pairs, "k", k);
    addTo(pairs, "head", head);
    addTo(pairs, "filter", filter);
    if (excludeReference) {
      pairs.add("search.exclude-reference=true");
    }
    return pairs;
  }

  private static void addTo(List<String> pairs, String key, Object value) {
    if (value instanceof String words) {
      pairs.add("search." + key + "='" + words.replace("'", "''") + "'");
      return;
    }
    if (value != null) {
      pairs.add("search." + key + "=" + value);
    }
  }
}
