package dev.weft.jobs.train;

import dev.weft.compute.NativeBackend;
import dev.weft.config.Binder;
import dev.weft.config.Settings;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Progress;
import dev.weft.jobs.Session;
import dev.weft.train.Batches;
import dev.weft.train.HeadArchitecture;
import dev.weft.train.HeadKind;
import dev.weft.train.LocalWorkers;
import dev.weft.train.Reduction;
import dev.weft.train.StepComputation;
import dev.weft.train.StepReport;
import dev.weft.train.StepWorkers;
import dev.weft.train.TrainConfig;
import dev.weft.train.Trainer;
import dev.weft.train.TripletTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Measures the distributed step beside the same step in one process, turn by turn in one run, on
 * made-up vectors: what Spark adds to a step.
 *
 * <p>The one process is the driver, with all its cores; meant for {@code local-cluster}, where the
 * executors have the same cores together.
 */
public final class StepMeasurement {
  private static final long SEED = 1;

  private StepMeasurement() {}

  /**
   * What to measure.
   *
   * @param head which head, one with parameters
   * @param batchSize triplets of a step
   * @param dimension embedding width
   * @param rounds turns of each side, at least 1
   * @param steps steps of a turn, at least 2: the first is not counted
   * @param reduce where the gradients are added up
   */
  public record Options(
      HeadKind head, int batchSize, int dimension, int rounds, int steps, Reduction reduce) {}

  /** Measures; returns the figures. */
  public static Map<String, Object> run(Session session, Options options) {
    NativeBackend.Description engine = NativeBackend.load();
    JavaSparkContext spark = new JavaSparkContext(session.spark().sparkContext());
    int parts = session.executors();
    TripletTable table = table(2 * options.batchSize(), options.dimension());
    Batches batches = new Batches(SEED, table.rows(), options.batchSize());
    TrainConfig config = config(options);
    HeadArchitecture.Trainable head = config.trainable(options.head(), options.dimension());
    Trainer trainer = new Trainer(config, head, batches, "measurement");
    Broadcast<byte[]> vectors = spark.broadcast(table.toBytes());
    try (DistributedSteps jobs =
        DistributedSteps.of(
            spark,
            new StepSetup("measurement", vectors, head, batches, config.objective(), parts),
            config,
            request -> "measured step " + request.step())) {
      LocalWorkers local =
          new LocalWorkers(new StepComputation(head, table, batches, config.objective()), 1);
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("head", Binder.kebab(options.head()));
      figures.put("batch_size", options.batchSize());
      figures.put("dimension", options.dimension());
      figures.put("parameters", head.parameterCount());
      figures.put("engine", engine.toString());
      figures.put("workers", parts);
      figures.putAll(compare(session.progress(), options, trainer, local, jobs, parts));
      return figures;
    } finally {
      vectors.destroy();
    }
  }

  private static Map<String, Object> compare(
      Progress progress,
      Options options,
      Trainer trainer,
      LocalWorkers local,
      DistributedSteps jobs,
      int parts) {
    jobs.prepare(HeadTraining.first(trainer.start()));
    List<Double> one = new ArrayList<>();
    List<Double> many = new ArrayList<>();
    List<StepCost> costs = new ArrayList<>();
    turn(trainer, local, report -> {});
    turn(trainer, jobs, report -> {});
    jobs.rest();
    for (int round = 0; round < options.rounds(); round++) {
      one.addAll(turn(trainer, local, report -> {}));
      many.addAll(turn(trainer, jobs, report -> costs.add(jobs.cost(report))));
      jobs.rest();
      progress.say(
          String.format(
              Locale.ROOT,
              "  round %d: one process %.0f ms, %d workers %.0f ms",
              round + 1,
              1e3 * median(one),
              parts,
              1e3 * median(many)));
    }
    StepCostModel model =
        new StepCostModel(parts, StepCost.median(costs), jobs.calibrate(), jobs.reduction());
    model.lines("step").forEach(line -> progress.say("  " + line));
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("steps", many.size());
    figures.put("one_process_ms", StepCost.milliseconds(median(one)));
    figures.put("distributed_ms", StepCost.milliseconds(median(many)));
    figures.put("ratio", Math.round(1e3 * median(many) / median(one)) / 1e3);
    figures.put("reduction", Binder.kebab(jobs.reduction()));
    figures.putAll(model.figures());
    return figures;
  }

  /** The row of a table in Markdown. */
  public static String markdown(Map<String, Object> figures) {
    return "| head | D | B | workers | one process | distributed | ratio | broadcast | compute | reduce"
        + " (launch) | update |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n"
        + String.format(
            Locale.ROOT,
            "| %s | %s | %s | %s | %s ms | %s ms | %s | %s ms | %s ms | %s (%s) ms | %s ms |%n",
            figures.get("head"),
            figures.get("dimension"),
            figures.get("batch_size"),
            figures.get("workers"),
            figures.get("one_process_ms"),
            figures.get("distributed_ms"),
            figures.get("ratio"),
            figures.get("broadcast_ms"),
            figures.get("compute_ms"),
            figures.get("reduce_ms"),
            figures.get("launch_ms"),
            figures.get("update_ms"));
  }

  private static TrainConfig config(Options options) {
    Settings settings =
        Settings.ofPairs(
            List.of(
                "train.batch-size=" + options.batchSize(),
                "train.reduce=" + Binder.kebab(options.reduce()),
                "train.epochs=" + (options.steps() + 1) / 2, // an epoch has two steps
                "train.checkpoint-steps=" + Integer.MAX_VALUE));
    return PipelineConfig.bind(
            PipelineConfig.defaults().overriddenBy(settings), "the options of the measurement")
        .train();
  }

  /** Trains a few steps; returns the seconds of each. */
  private static List<Double> turn(
      Trainer trainer, StepWorkers workers, Consumer<StepReport> reports) {
    List<Double> seconds = new ArrayList<>();
    long[] last = {System.nanoTime()};
    trainer.train(
        trainer.start(),
        workers,
        checkpoint -> {},
        report -> {
          long now = System.nanoTime();
          seconds.add((now - last[0]) / 1e9);
          last[0] = now;
          reports.accept(report);
        });
    return seconds.subList(1, seconds.size()); // the first holds the start of the turn
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().skip((values.size() - 1) / 2).findFirst().orElseThrow();
  }

  private static TripletTable table(int rows, int dimension) {
    SplittableRandom random = new SplittableRandom(SEED);
    int[] numbers = new int[rows];
    int[] targets = new int[rows];
    for (int row = 0; row < rows; row++) {
      numbers[row] = row;
      targets[row] = random.nextInt(rows);
    }
    return new TripletTable(
        dimension,
        1,
        unitRows(rows, dimension, random),
        unitRows(rows, dimension, random),
        numbers,
        targets,
        numbers);
  }

  private static float[] unitRows(int rows, int dimension, SplittableRandom random) {
    float[] values = new float[rows * dimension];
    for (int row = 0; row < rows; row++) {
      double square = 0;
      for (int i = row * dimension; i < (row + 1) * dimension; i++) {
        values[i] = (float) (random.nextDouble() - 0.5);
        square += values[i] * values[i];
      }
      for (int i = row * dimension; i < (row + 1) * dimension; i++) {
        values[i] /= (float) Math.sqrt(square);
      }
    }
    return values;
  }
}
