package dev.weft.jobs;

import dev.weft.MarkedSection;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Compares all heads. */
final class LeaderboardCommand extends SessionCommand {
  @Option(
      names = "--seeds",
      paramLabel = "SEED",
      split = ",",
      defaultValue = "1,2,3",
      description = "Seeds of the training (default ${DEFAULT-VALUE}); the embeddings stay.")
  private List<Long> seeds;

  @Option(
      names = "--protocol",
      paramLabel = "NAME",
      description = "The one protocol to score by (default: all that the configuration gives).")
  private String protocol;

  @Option(
      names = "--into",
      paramLabel = "FILE",
      description =
          "A Markdown file with the lines <!-- leaderboard --> and <!-- /leaderboard -->: replaces"
              + " what stands between them.")
  private Path into;

  @Option(
      names = "--columns",
      paramLabel = "METRIC",
      split = ",",
      description =
          "Metrics of one short table in the place of those in full, such as R@10,circo/mAP@5.")
  private List<String> columns = List.of();

  LeaderboardCommand(Commands.Console console) {
    super(console);
  }

  @Override
  Map<String, Object> run(Session session) {
    Leaderboard leaderboard = new Leaderboard(seeds, Optional.ofNullable(protocol));
    Leaderboard.Made made = leaderboard.run(session);
    if (into != null) {
      String text = columns.isEmpty() ? made.markdown() : made.summary(columns);
      MarkedSection.replace(into, "leaderboard", text);
    }
    return made.fields();
  }
}
