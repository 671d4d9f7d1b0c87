package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.MarkedSection;
import dev.weft.config.Settings;
import dev.weft.jobs.train.StepMeasurement;
import dev.weft.train.HeadKind;
import dev.weft.train.Reduction;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Measures the distributed step on the Spark it runs on; needs no data. */
final class MeasureStepCommand implements Callable<Integer> {
  private final Commands.Console console;

  @Spec private CommandSpec spec;

  @Option(
      names = "--head",
      paramLabel = "HEAD",
      defaultValue = "gated",
      description = "gated, combiner, attention or tirg (default ${DEFAULT-VALUE}).")
  private String head;

  @Option(
      names = "--batch-size",
      paramLabel = "B",
      defaultValue = "4096",
      description = "Triplets of a step (default ${DEFAULT-VALUE}).")
  private int batchSize;

  @Option(
      names = "--width",
      paramLabel = "D",
      defaultValue = "512",
      description = "Embedding width (default ${DEFAULT-VALUE}).")
  private int width;

  @Option(
      names = "--rounds",
      paramLabel = "N",
      defaultValue = "6",
      description = "Turns of each side (default ${DEFAULT-VALUE}).")
  private int rounds;

  @Option(
      names = "--steps",
      paramLabel = "N",
      defaultValue = "8",
      description = "Steps of a turn, the first of them not counted (default ${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = "--reduce",
      paramLabel = "WHERE",
      defaultValue = "auto",
      description = "As train.reduce: auto, server, driver or shuffle (default ${DEFAULT-VALUE}).")
  private String reduce;

  @Option(
      names = "--into",
      paramLabel = "FILE",
      description = "A Markdown file: replaces what stands between its 'step' marks.")
  private Path into;

  MeasureStepCommand(Commands.Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    StepMeasurement.Options options =
        new StepMeasurement.Options(
            trainable(),
            batchSize,
            width,
            rounds,
            steps,
            choice(Reduction.class, "--reduce", reduce));
    if (batchSize < 2 || width < 1 || rounds < 1 || steps < 2) {
      throw new ParameterException(
          spec.commandLine(), "--batch-size and --steps are at least 2, --width and --rounds 1");
    }
    Settings settings = PipelineConfig.defaults();
    PipelineConfig config = PipelineConfig.bind(settings, "the defaults");
    try (Session session = console.session(config, settings, false)) {
      Map<String, Object> figures = StepMeasurement.run(session, options);
      if (into != null) {
        MarkedSection.replace(into, "step", StepMeasurement.markdown(figures));
      }
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("stage", "measure-step");
      fields.put("status", StageResult.DONE);
      fields.putAll(figures);
      console.result().accept(fields);
    }
    return ExitCode.OK.code();
  }

  private HeadKind trainable() {
    HeadKind kind = choice(HeadKind.class, "--head", head);
    if (kind == HeadKind.SUM || kind == HeadKind.WEIGHTED) {
      throw new ParameterException(
          spec.commandLine(), "--head " + head + " has no parameters to train");
    }
    return kind;
  }

  private <E extends Enum<E>> E choice(Class<E> type, String option, String value) {
    try {
      return Enum.valueOf(type, value.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(
          spec.commandLine(), option + " has no choice '" + value + "'", e);
    }
  }
}
