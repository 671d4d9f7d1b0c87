package dev.weft.evaluate;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.Path;

/**
 * Reads rankings that any system wrote, in one of three forms, told apart by their content:
 *
 * <ul>
 *   <li>JSON lines {@code {"query": ..., "ranking": [...]}}, with {@code "category"} where the data
 *       set has categories and {@code "subset": [...]} for CIRR's image groups; other keys are
 *       passed over;
 *   <li>CIRCO's submission, one object of query ids with lists of image ids;
 *   <li>CIRR's two submissions, one object each, with {@code "version": "rc2"} and {@code "metric"}
 *       {@code "recall"} or {@code "recall_subset"} beside the pair ids.
 * </ul>
 *
 * <p>Ids may be text or whole numbers. A data set whose ids are numbers (CIRCO) reads {@code
 * "000000000123"} as 123.
 */
final class PredictionFile {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
          .build();

  /** The values of an object are followed by their neighbours, which is no error. */
  private static final JsonMapper VALUE = new JsonMapper();

  private final Configuration hadoop;
  private final Family family;
  private final Set<String> categories;
  private final Complaints complaints;

  /** By query, in the order of the files. */
  private final Map<List<String>, Prediction> predictions = new LinkedHashMap<>();

  private PredictionFile(
      Configuration hadoop, Family family, Set<String> categories, Complaints complaints) {
    this.hadoop = hadoop;
    this.family = family;
    this.categories = categories;
    this.complaints = complaints;
  }

  /**
   * Reads files that belong together.
   *
   * @param uris one file, or CIRR's two
   * @param categories of the queries
   * @param complaints takes what is wrong with single entries
   * @throws WeftException with {@link ExitCode#INPUT_MISSING} for a file that is missing or has
   *     none of the forms
   */
  static List<Prediction> read(
      Configuration hadoop,
      List<String> uris,
      Family family,
      Set<String> categories,
      Complaints complaints) {
    PredictionFile file = new PredictionFile(hadoop, family, categories, complaints);
    uris.forEach(file::read);
    return List.copyOf(file.predictions.values());
  }

  private void read(String uri) {
    String text = text(uri);
    try {
      if (isLines(text)) {
        lines(uri, text);
      } else {
        submission(uri, text);
      }
    } catch (JsonProcessingException e) {
      String line = e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
      throw unreadable(uri + line, "it is no JSON: " + why(e));
    } catch (IOException e) {
      throw new IllegalStateException("a text in memory was not readable", e);
    }
  }

  private String text(String uri) {
    Path path = new Path(uri);
    try (FSDataInputStream in = path.getFileSystem(hadoop).open(path)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return text.startsWith("\uFEFF") ? text.substring(1) : text;
    } catch (FileNotFoundException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot read predictions: there is no file %s. Name one that exists with --predictions.",
          uri);
    } catch (IOException e) {
      throw new WeftException(
          e, ExitCode.IO, "Cannot read predictions from %s: %s.", uri, e.getMessage());
    }
  }

  /** Whether the first line with text is an object of its own with a query. */
  private static boolean isLines(String text) {
    String first = text.lines().filter(line -> !line.isBlank()).findFirst().orElse("");
    try {
      return JSON.readTree(first).has("query");
    } catch (JsonProcessingException e) {
      return false; // an object over several lines
    }
  }

  private void lines(String uri, String text) {
    int number = 0;
    for (String line : (Iterable<String>) text.lines()::iterator) {
      number++;
      if (line.isBlank()) {
        continue;
      }
      String place = uri + ", line " + number;
      JsonNode json;
      try {
        json = JSON.readTree(line);
      } catch (JsonProcessingException e) {
        complaints.add(place, "it is no JSON: %s", why(e));
        continue;
      }
      line(place, json);
    }
  }

  /** Without the place of an opening bracket, which comes with words about the parser. */
  private static String why(JsonProcessingException e) {
    return e.getOriginalMessage().replaceFirst("(?s) ?\\(start marker at .*", "");
  }

  private void line(String place, JsonNode json) {
    JsonNode query = json.path("query");
    if (!isId(query)) {
      complaints.add(place, "query must be an id, found %s", shown(query));
      return;
    }
    JsonNode category = json.path("category");
    if (!category.isMissingNode() && !category.isTextual()) {
      complaints.add(place, "category must be text, found %s", shown(category));
      return;
    }
    if (category.isMissingNode() && !categories.contains("")) {
      complaints.add(
          place,
          "query %s has no category, which must be one of %s",
          id(query),
          String.join(", ", categories));
      return;
    }
    List<String> ranking = new ArrayList<>();
    List<String> subset = new ArrayList<>();
    if (ids(place, "ranking", json.path("ranking"), ranking)
        && (!json.has("subset") || ids(place, "subset", json.path("subset"), subset))) {
      add(new Prediction(category.asText(""), id(query), ranking, subset, false, place));
    }
  }

  private boolean ids(String place, String key, JsonNode list, List<String> ids) {
    if (!list.isArray()) {
      complaints.add(place, "%s must be a list of image ids, found %s", key, shown(list));
      return false;
    }
    for (JsonNode element : list) {
      if (!isId(element)) {
        complaints.add(place, "%s must hold image ids, found %s", key, shown(element));
        return false;
      }
      ids.add(id(element));
    }
    return true;
  }

  private void submission(String uri, String text) throws IOException {
    Map<String, String> header = new HashMap<>();
    Map<String, Prediction> entries = new LinkedHashMap<>();
    try (JsonParser parser = VALUE.getFactory().createParser(text)) {
      if (parser.nextToken() != JsonToken.START_OBJECT) {
        throw unreadable(
            uri,
            "it must be JSON lines of {\"query\", \"ranking\"}, or one object of query ids with"
                + " lists of image ids");
      }
      while (parser.nextToken() == JsonToken.FIELD_NAME) {
        String name = parser.currentName();
        String place = uri + ", key " + name + ", line " + line(parser);
        JsonToken value = parser.nextToken();
        if (value == JsonToken.VALUE_STRING && (name.equals("version") || name.equals("metric"))) {
          header.put(name, parser.getText());
          continue;
        }
        List<String> ranking = new ArrayList<>();
        if (ids(place, "the value", VALUE.readTree(parser), ranking)) {
          Prediction entry = new Prediction("", number(name), ranking, List.of(), true, place);
          if (entries.putIfAbsent(entry.query(), entry) != null) {
            complaints.add(place, "%s is there a second time", entry.name());
          }
        }
      }
      if (parser.nextToken() != null) {
        throw unreadable(uri + ", line " + line(parser), "there is more after its end");
      }
    }
    place(uri, header, entries);
  }

  private static int line(JsonParser parser) {
    return parser.currentTokenLocation().getLineNr();
  }

  /** Adds the entries of one object to what other files said. */
  private void place(String uri, Map<String, String> header, Map<String, Prediction> entries) {
    if (family != Family.CIRR) {
      entries.values().forEach(this::add);
      return;
    }
    if (!"rc2".equals(header.get("version"))) {
      complaints.add(uri, "\"version\" must be \"rc2\", found %s", header.get("version"));
    }
    String metric = header.getOrDefault("metric", "none");
    switch (metric) {
      case "recall" -> entries.values().forEach(entry -> merge(entry, entry.ranking(), List.of()));
      case "recall_subset" ->
          entries.values().forEach(entry -> merge(entry, List.of(), entry.ranking()));
      default ->
          complaints.add(
              uri, "\"metric\" must be \"recall\" or \"recall_subset\", found %s", metric);
    }
  }

  /** One pair has a ranking in one file and a ranked group in the other. */
  private void merge(Prediction entry, List<String> ranking, List<String> subset) {
    Prediction known = predictions.get(key(entry));
    if (known == null) {
      add(new Prediction("", entry.query(), ranking, subset, true, entry.place()));
    } else if (ranking.isEmpty() ? !known.subset().isEmpty() : !known.ranking().isEmpty()) {
      complaints.add(entry.place(), "%s is there a second time", entry.name());
    } else {
      predictions.put(
          key(entry),
          new Prediction(
              "",
              entry.query(),
              ranking.isEmpty() ? known.ranking() : ranking,
              subset.isEmpty() ? known.subset() : subset,
              true,
              ranking.isEmpty() ? known.place() : entry.place()));
    }
  }

  private void add(Prediction prediction) {
    Prediction first = predictions.putIfAbsent(key(prediction), prediction);
    if (first != null) {
      complaints.add(
          prediction.place(),
          "%s is there a second time, first in %s",
          prediction.name(),
          first.place());
    }
  }

  private static List<String> key(Prediction prediction) {
    return List.of(prediction.category(), prediction.query());
  }

  private static boolean isId(JsonNode value) {
    return value.isTextual() || value.isIntegralNumber();
  }

  private String id(JsonNode value) {
    return number(value.asText());
  }

  /** CIRCO's file names have twelve digits, its ids have no leading zeros. */
  private String number(String id) {
    return family == Family.CIRCO && id.matches("0[0-9]{1,17}")
        ? Long.toString(Long.parseLong(id))
        : id;
  }

  private static String shown(JsonNode value) {
    String text = value.isMissingNode() ? "nothing" : value.toString();
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }

  private static WeftException unreadable(String place, String why) {
    return new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot read predictions from %s: %s. docs/evaluation.md shows the three forms.",
        place,
        why);
  }
}
