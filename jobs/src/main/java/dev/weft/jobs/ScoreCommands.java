package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Settings;
import dev.weft.evaluate.Family;
import dev.weft.evaluate.Metrics;
import dev.weft.evaluate.Predictions;
import dev.weft.evaluate.Predictions.Scored;
import dev.weft.evaluate.Protocol;
import dev.weft.ingest.AnnotationReader;
import dev.weft.ingest.Annotations;
import dev.weft.ingest.DataSource;
import dev.weft.ingest.Layout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine;
import picocli.CommandLine.Option;

/** The commands that look at rankings, wherever they were made; none needs Spark. */
final class ScoreCommands {
  private ScoreCommands() {}

  static void addTo(CommandLine root, Commands.Console console) {
    Commands.add(
        root,
        new Score(console),
        "score",
        "Scores a file of predictions by a named protocol: no Spark, models or images.",
        "score --protocol circo/val --annotations data/circo/annotations --predictions val.json",
        "score --protocol fashioniq/original --annotations data/fashioniq --predictions my.jsonl",
        "score --protocol cirr/val --annotations data/cirr --predictions recall.json subset.json");
    Commands.add(
        root,
        new ExportSubmissionCommand(console),
        "export-submission",
        "Writes the files that CIRCO's or CIRR's server takes, checked by its own rules.",
        "export-submission --protocol circo/test --annotations data/circo/annotations"
            + " --predictions test.jsonl --output submission",
        "export-submission --protocol circo/test --config conf/circo.yaml --run runs/circo"
            + " --head combiner --output submission");
    Commands.add(
        root,
        new CompareCommand(console),
        "compare",
        "Compares two evaluations query by query: intervals, wins and losses, what changed.",
        "compare runs/wardrobe runs/wardrobe-2",
        "compare runs/wardrobe@3 runs/wardrobe@prod --heads combiner",
        "compare runs/wardrobe runs/wardrobe --heads sum,combiner");
  }

  /** The options that say what the right answers are. */
  abstract static class AnnotatedCommand implements Callable<Integer> {
    private final Configuration hadoop = new Configuration();

    @Option(
        names = "--annotations",
        paramLabel = "DIR",
        description = "Folder of the annotation files; any Hadoop URI.")
    private String annotations;

    @Option(
        names = "--images",
        paramLabel = "DIR",
        defaultValue = "",
        description = "Folder of the image files, where only it tells the gallery; none is opened.")
    private String images;

    @Option(
        names = "--config",
        paramLabel = "FILE",
        description = "A configuration whose ingest.datasets names data sets of your own.")
    private String file;

    Configuration hadoop() {
      return hadoop;
    }

    PipelineConfig config() {
      if (file == null) {
        Settings defaults = PipelineConfig.defaults();
        return PipelineConfig.bind(defaults, "conf/defaults.yaml");
      }
      return PipelineConfig.bind(PipelineConfig.load(hadoop, file, List.of()), file);
    }

    Protocol protocol(String name, PipelineConfig config) {
      Map<String, Family> own =
          config.ingest().datasets().stream()
              .collect(Collectors.toMap(DataSource::name, source -> Family.of(source.layout())));
      return Protocol.named(name, own);
    }

    /** The annotations of the data set of a protocol, from the option or the configuration. */
    Annotations annotations(Protocol protocol, PipelineConfig config) {
      Optional<DataSource> own =
          config.ingest().datasets().stream()
              .filter(source -> source.name().equals(protocol.dataset()))
              .findFirst();
      if (annotations == null && own.isEmpty()) {
        throw new WeftException(
            ExitCode.USAGE,
            "Cannot find the right answers of %s: neither --annotations nor the ingest.datasets of"
                + " a --config names a folder of annotations. Give one of the two.",
            protocol);
      }
      Layout layout = own.map(DataSource::layout).orElseGet(() -> layout(protocol.family()));
      DataSource source =
          new DataSource(
              protocol.dataset(),
              layout,
              annotations == null ? own.orElseThrow().annotations() : annotations,
              images.isEmpty() ? own.map(DataSource::images).orElse("") : images,
              "");
      return AnnotationReader.of(layout).read(hadoop, source);
    }

    private static Layout layout(Family family) {
      return switch (family) {
        case FASHIONIQ -> Layout.FASHIONIQ;
        case CIRCO -> Layout.CIRCO;
        case CIRR -> Layout.CIRR;
      };
    }
  }

  /** Scores predictions. */
  private static final class Score extends AnnotatedCommand {
    private final Commands.Console console;

    @Option(
        names = "--protocol",
        paramLabel = "NAME",
        required = true,
        description =
            "fashioniq/original, fashioniq/original-noref, fashioniq/val-union, circo/val,"
                + " circo/val-noref, cirr/val, or the like of a data set of your own.")
    private String name;

    @Option(
        names = "--predictions",
        paramLabel = "FILE",
        required = true,
        arity = "1..*",
        description =
            "JSON lines of {query, ranking}, CIRCO's submission, or CIRR's two; any Hadoop URI.")
    private List<String> predictions;

    Score(Commands.Console console) {
      this.console = console;
    }

    @Override
    public Integer call() {
      long start = System.nanoTime();
      PipelineConfig config = config();
      Protocol protocol = protocol(name, config);
      Scored scored =
          new Predictions(protocol, annotations(protocol, config))
              .score(
                  hadoop(),
                  predictions,
                  config.evaluate().cutoffs(),
                  String.join(", ", predictions));
      Metrics metrics = scored.metrics();
      console.out().println(metrics.caption());
      int width = metrics.values().keySet().stream().mapToInt(String::length).max().orElse(0);
      String line = "  %-" + width + "s  %6.2f";
      metrics
          .values()
          .forEach(
              (metric, value) ->
                  console.out().println(String.format(Locale.ROOT, line, metric, 100 * value)));
      metrics.degradedBecause().forEach(why -> console.out().println("  degraded: " + why));
      scored.notes().forEach(note -> console.out().println("  note: " + note));
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("stage", "score");
      fields.put("status", StageResult.DONE);
      fields.put("protocol", metrics.protocol());
      fields.put("metrics", metrics.values());
      fields.put("counts", metrics.counts());
      fields.put("tie_rule", metrics.tieRule());
      fields.put("degraded", metrics.degradedBecause());
      fields.put("notes", scored.notes());
      fields.put("seconds", Math.round((System.nanoTime() - start) / 1e7) / 100.0);
      console.result().accept(fields);
      return ExitCode.OK.code();
    }
  }
}
