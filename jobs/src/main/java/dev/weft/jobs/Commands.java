package dev.weft.jobs;

import dev.weft.config.Settings;
import dev.weft.jobs.align.AlignJob;
import dev.weft.jobs.encode.EncodeJob;
import dev.weft.jobs.evaluate.EvaluateJob;
import dev.weft.jobs.index.IndexJob;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.jobs.ingest.WardrobeJob;
import dev.weft.jobs.release.Releases;
import dev.weft.jobs.train.LossVerification;
import dev.weft.jobs.train.MineJob;
import dev.weft.jobs.train.TrainJob;
import java.io.PrintStream;
import java.time.Clock;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Spec;

/** The commands: their help with examples, and the job that each runs. */
final class Commands {
  /** Columns of help. */
  private static final int WIDTH = 100;

  private Commands() {}

  /** What a command writes to and reads the time from. */
  record Console(PrintStream out, Consumer<Map<String, Object>> result, Progress progress) {

    /** A session of a command; {@code force} makes its output anew even where it is up to date. */
    Session session(PipelineConfig config, Settings settings, boolean force) {
      return new Session(config, settings, new Session.Options(force, progress, Clock.systemUTC()));
    }
  }

  /** The whole command line, ready to be executed. */
  static CommandLine commandLine(Console console) {
    CommandLine root = new CommandLine(new Root());
    add(
        root,
        new StageCommand(console, session -> PipelineJob.run(session).fields()),
        "pipeline",
        "Runs every stage in order on one configuration and shows the results.",
        "pipeline --config conf/wardrobe.yaml",
        "pipeline --config conf/wardrobe.yaml --set seed=2 --set root=hdfs:///weft/seed2");
    add(
        root,
        new StageCommand(console, announced(WardrobeJob::run)),
        "wardrobe",
        "Draws the wardrobe: garment images with annotations in FashionIQ's and CIRCO's layouts.",
        "wardrobe --config conf/wardrobe.yaml --set wardrobe.images=200000");
    add(
        root,
        new StageCommand(console, announced(IngestJob::run)),
        "ingest",
        "Validates annotations and images; bad rows go to quarantine with their reason.",
        "ingest --config conf/fashioniq.yaml",
        "ingest --config conf/circo.yaml --set ingest.images=none");
    add(
        root,
        new StageCommand(console, announced(AlignJob::run)),
        "align",
        "Trains the image tower and the text projection of the dual encoder on described images.",
        "align --config conf/wardrobe.yaml --set align.epochs=20");
    add(
        root,
        new StageCommand(console, announced(EncodeJob::run)),
        "encode",
        "Encodes every image and text once, as unit vectors.",
        "encode --config conf/wardrobe.yaml");
    add(
        root,
        new StageCommand(console, announced(TrainJob::run)),
        "train",
        "Fine-tunes the fusion heads by InfoNCE over the global batch; resumes where it stopped.",
        "train --config conf/wardrobe.yaml --set 'train.heads=[gated]' --set train.epochs=3");
    add(
        root,
        new StageCommand(console, announced(MineJob::run)),
        "mine",
        "Mines hard negatives of the training triplets with a trained head, for the next train.",
        "mine --config conf/wardrobe.yaml --set mine.head=gated",
        "train --config conf/wardrobe.yaml --set train.hard-negatives=4");
    add(
        root,
        new StageCommand(console, Commands::evaluated),
        "evaluate",
        "Ranks every query exactly and scores each head by its named protocol.",
        "evaluate --config conf/wardrobe.yaml --set evaluate.cohort=val-union");
    add(
        root,
        new LeaderboardCommand(console),
        "leaderboard",
        "Trains and scores every head in each of its forms on one set of embeddings, over seeds.",
        "leaderboard --config conf/wardrobe.yaml --seeds 1,2,3",
        "leaderboard --config conf/fashioniq.yaml --set encode.model=hdfs:///models/clip"
            + " --protocol fashioniq/val-union --into RESULTS.md");
    add(
        root,
        new StageCommand(console, announced(IndexJob::run)),
        "index",
        "Writes the gallery as a searchable Parquet index.",
        "index --config conf/wardrobe.yaml");
    add(
        root,
        new FineTuneCommand(console),
        "fine-tune",
        "The scheduled run: takes in what is new, trains a challenger, and releases it if it is"
            + " better.",
        "fine-tune --config conf/wardrobe.yaml",
        "fine-tune --config hdfs:///conf/shop.yaml --run-id nightly-2026-11-25",
        "status --config hdfs:///conf/shop.yaml --run-id nightly-2026-11-25");
    add(
        root,
        new StageCommand(console, announced(Releases::promote)),
        "promote",
        "Releases the newest index with its head and encoder: search answers from them.",
        "promote --config conf/wardrobe.yaml");
    add(
        root,
        new ChangeIndexCommand(console),
        "change-index",
        "Adds images to the published index, or replaces or deletes some, as a new version.",
        "change-index --append new.parquet --config conf/wardrobe.yaml",
        "change-index --delete gone.jsonl --config conf/wardrobe.yaml",
        "change-index --compact --config conf/wardrobe.yaml");
    add(
        root,
        new SearchCommand(console),
        "search",
        "Finds images by image and sentence, by image alone, or by sentence alone.",
        "search --config conf/wardrobe.yaml --image photo.jpg --text 'make it blue'",
        "search --config conf/wardrobe.yaml --text 'a striped dress with long sleeves' --k 20",
        "search --config conf/wardrobe.yaml --text 'striped' --filter \"category = 'dress'\"",
        "search --config conf/wardrobe.yaml --image-id B0042 --text 'in red' --exclude-reference",
        "search --config conf/wardrobe.yaml --queries queries.jsonl");
    add(
        root,
        new StageCommand(console, LossVerification::run),
        "verify-loss",
        "Shows on your data and cluster that loss and gradient are those of one process in"
            + " float64.",
        "verify-loss --config conf/wardrobe.yaml");
    add(
        root,
        new MeasureStepCommand(console),
        "measure-step",
        "Measures what Spark adds to a training step, beside the same step in one process.",
        "measure-step --head gated --batch-size 4096 --width 512");
    EmbeddingCommands.addTo(root, console);
    ScoreCommands.addTo(root, console);
    add(
        root,
        new DoctorCommand(console),
        "doctor",
        "Looks at settings, data, driver and every executor: what will fail, why, what to change.",
        "doctor --config conf/wardrobe.yaml",
        "WEFT_SPARK_CONF=my-spark.conf scripts/weft doctor --config hdfs:///conf/shop.yaml");
    StoreCommands.addTo(root, console);
    root.addSubcommand("help", new CommandLine.HelpCommand());
    root.setCaseInsensitiveEnumValuesAllowed(true);
    root.registerConverter(Duration.class, Commands::duration);
    return root;
  }

  private static Duration duration(String text) {
    try {
      return Duration.parse(text);
    } catch (DateTimeParseException e) {
      throw new CommandLine.TypeConversionException(
          "'" + text + "' is no ISO duration, such as P7D for seven days or PT12H for half a day");
    }
  }

  /** A job that says how it ended, in words. */
  private static Function<Session, Map<String, Object>> announced(
      Function<Session, StageResult> job) {
    return session -> job.apply(session).announced(session.progress()).fields();
  }

  private static Map<String, Object> evaluated(Session session) {
    StageResult result = EvaluateJob.run(session).announced(session.progress());
    session.progress().say("page   " + result.figures().get("page"));
    return result.fields();
  }

  /** Adds a command with its help. */
  static void add(
      CommandLine root, Object command, String name, String description, String... examples) {
    List<String> footer = new ArrayList<>(List.of("", "Examples:"));
    for (String example : examples) {
      footer.addAll(pasteable(example));
    }
    if (command instanceof SessionCommand) {
      footer.add(
          "With --print-command scripts/weft prints its spark-submit line and runs nothing.");
    }
    CommandLine added = new CommandLine(command);
    CommandSpec spec = added.getCommandSpec().name(name).mixinStandardHelpOptions(true);
    spec.addOption(
        OptionSpec.builder("--debug").description("Shows the stack trace of a failure.").build());
    spec.usageMessage().description(description).footer(footer.toArray(String[]::new)).width(WIDTH);
    root.addSubcommand(name, added);
  }

  /** An example in lines that are not wrapped, so that it can be pasted into a shell. */
  private static List<String> pasteable(String example) {
    List<String> lines = new ArrayList<>();
    String rest = "  " + (example.contains("scripts/weft ") ? "" : "scripts/weft ") + example;
    while (rest.length() > WIDTH - 2) {
      int end = rest.lastIndexOf(" --", WIDTH - 4);
      lines.add(rest.substring(0, end) + " \\");
      rest = "     " + rest.substring(end);
    }
    lines.add(rest);
    return lines;
  }

  /** The command without a name: help and version. */
  @Command(
      name = "weft",
      mixinStandardHelpOptions = true,
      versionProvider = Version.class,
      usageHelpWidth = WIDTH,
      synopsisSubcommandLabel = "COMMAND",
      description = "Fine-tunes and serves composed image retrieval on Spark.",
      footer = {
        "",
        "Start with:",
        "  scripts/weft pipeline --config conf/wardrobe.yaml",
        "",
        "Exit codes: 0 done or nothing to do, 64 usage, 65 too many bad rows, 66 input missing,",
        "69 resource missing, 70 bug, 74 I/O, 75 try again later, 78 configuration."
      })
  static final class Root implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
      throw new CommandLine.ParameterException(spec.commandLine(), "which command?");
    }
  }

  /** The version of the jar. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {"weft " + version()};
    }

    /** The version of the jar, or {@code development} where classes run without it. */
    static String version() {
      String version = Version.class.getPackage().getImplementationVersion();
      return version == null ? "development" : version;
    }
  }
}
