package dev.weft.jobs.train;

import dev.weft.compute.NativeVectors;
import dev.weft.config.Binder;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.evaluate.TrainedHead;
import dev.weft.store.Snapshot;
import dev.weft.train.Batches;
import dev.weft.train.Checkpoint;
import dev.weft.train.HeadArchitecture;
import dev.weft.train.HeadKind;
import dev.weft.train.StepReport;
import dev.weft.train.StepRequest;
import dev.weft.train.Surroundings;
import dev.weft.train.Sync;
import dev.weft.train.TrainConfig;
import dev.weft.train.Trainer;
import dev.weft.train.TripletTable;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Trains one head by back-propagation: from its last checkpoint if there is one, else from another
 * head, else from random parameters.
 */
final class HeadTraining {
  /** Steps that the median counts: a run may have millions. */
  private static final int KEPT = 1000;

  private final Session session;
  private final Stage stage;
  private final TrainingData data;
  private final Optional<Snapshot> start;

  HeadTraining(Session session, Stage stage, TrainingData data, Optional<Snapshot> start) {
    this.start = start;
    this.session = session;
    this.stage = stage;
    this.data = data;
  }

  /**
   * A trained head.
   *
   * @param architecture what it is made of
   * @param end the state after the last step
   * @param figures what to say about the training
   */
  record Trained(
      HeadArchitecture.Trainable architecture, Checkpoint end, Map<String, Object> figures) {}

  /**
   * Trains to the end of the run.
   *
   * @param kind which head
   * @param attempt unique among all attempts
   */
  Trained train(HeadKind kind, String attempt) {
    TrainConfig config = session.config().train();
    TripletTable table = data.table();
    HeadArchitecture.Trainable architecture = config.trainable(kind, table.dimension());
    Batches batches = new Batches(session.config().seed(), table.rows(), config.batchSize());
    Trainer trainer = new Trainer(config, architecture, batches, stage.runKey());
    Checkpoints checkpoints = new Checkpoints(session, stage);
    Optional<Checkpoints.Saved> saved = session.force() ? Optional.empty() : checkpoints.newest();
    Checkpoint from =
        saved
            .map(Checkpoints.Saved::state)
            .or(() -> start.map(head -> trainer.start(TrainedHead.read(head).bundle())))
            .orElseGet(trainer::start);
    int parts = partitions(config, saved);
    Display display = new Display(kind, trainer.steps(), from.step());
    StepSetup setup =
        new StepSetup(attempt, data.broadcast(), architecture, batches, config.objective(), parts);
    DistributedSteps jobs =
        DistributedSteps.of(
            new JavaSparkContext(session.spark().sparkContext()),
            setup,
            config,
            display::description);
    jobs.prepare(first(from));
    StepCostReport costs =
        new StepCostReport(
            session.progress(), unit(config), parts, jobs::calibrate, jobs.reduction());
    display.begin(saved, architecture, batches, parts);
    try (HeadValidation validation = new HeadValidation(session, data, architecture)) {
      Checkpoint end =
          trainer.train(
              from,
              new Surroundings(
                  jobs,
                  state -> {
                    jobs.rest();
                    return validation.score(state);
                  },
                  state -> {
                    checkpoints.save(state, parts);
                    TrainMetrics.current().checkpoint(state.step(), session.clock().instant());
                  },
                  report -> {
                    StepCost cost = jobs.cost(report);
                    costs.add(cost);
                    double seconds = display.report(report);
                    TrainMetrics.current().step(report, cost, seconds, jobs.bytesBroadcast());
                  },
                  data.rows()::name,
                  System::nanoTime));
      display.end(end);
      Map<String, Object> figures = figures(end, parts, display);
      costs.figures().ifPresent(cost -> figures.put("step_cost", cost));
      figures.putAll(validation.figures(end));
      return new Trained(architecture, end, figures);
    } finally {
      jobs.close();
      session.progress().end();
    }
  }

  /** What one Spark job of the training does. */
  private static String unit(TrainConfig config) {
    return config.sync() == Sync.LOCAL
        ? "round of " + config.localSteps() + " local steps"
        : "step";
  }

  /** A step to make the workers ready with. */
  static StepRequest first(Checkpoint from) {
    byte[] parameters = new byte[(from.parameters().length - 1) * Float.BYTES];
    NativeVectors.floats(parameters).put(from.parameters(), 0, from.parameters().length - 1);
    return new StepRequest(from.step(), 0, 0, parameters, from.logitScale());
  }

  /**
   * Slices of a step. The number fixes the bytes: a run that goes on keeps its own, whatever the
   * size of the cluster is by now.
   */
  private int partitions(TrainConfig config, Optional<Checkpoints.Saved> saved) {
    if (config.partitions() > 0) {
      return config.partitions();
    }
    return saved.isPresent() ? saved.get().partitions() : session.executors();
  }

  private Map<String, Object> figures(Checkpoint end, int parts, Display display) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("steps", end.step());
    figures.put("loss", lossOfLastEpoch(end));
    figures.put("triplets", data.table().rows());
    figures.put("partitions", parts);
    figures.put("algorithm", algorithm(session.config().train()));
    display.medianSeconds().ifPresent(seconds -> figures.put("seconds_per_step", seconds));
    return figures;
  }

  private static String algorithm(TrainConfig config) {
    return config.sync() == Sync.LOCAL
        ? "local SGD, " + config.localSteps() + " local steps"
        : "synchronous";
  }

  private static double lossOfLastEpoch(Checkpoint end) {
    return end.history().get(end.history().size() - 1).loss();
  }

  /** How far the training is, in words and numbers. */
  private final class Display {
    private final String head;
    private final long steps;
    private final long first;
    private final double[] seconds = new double[KEPT]; // of the newest steps
    private int reports;
    private Instant start = session.clock().instant();
    private Instant last = start;
    private long rows;
    private long done;
    private String loss = "";

    Display(HeadKind kind, long steps, long first) {
      this.head = Binder.kebab(kind);
      this.steps = steps;
      this.first = first;
      this.done = first;
    }

    void begin(
        Optional<Checkpoints.Saved> saved,
        HeadArchitecture.Trainable architecture,
        Batches batches,
        int parts) {
      session
          .progress()
          .say(
              String.format(
                  Locale.ROOT,
                  "  train %s: %,d triplets in batches of %,d, %d %s a step, %,d parameters, %,d"
                      + " steps, %s%s",
                  head,
                  batches.rows(),
                  batches.size(0),
                  parts,
                  parts == 1 ? "partition" : "partitions",
                  architecture.parameterCount(),
                  steps,
                  algorithm(session.config().train()),
                  saved
                      .map(
                          checkpoint ->
                              "; goes on after step " + first + ", from " + checkpoint.place())
                      .orElse("")));
      session.progress().begin("train " + head, steps - first);
      start = session.clock().instant();
      last = start;
    }

    String description(StepRequest request) {
      return String.format(
          Locale.ROOT,
          "train %s epoch %d step %d/%d%s",
          head,
          request.epoch() + 1,
          request.step() + 1,
          steps,
          loss);
    }

    /** Shows a step; returns the seconds since the one before. */
    double report(StepReport report) {
      Instant now = session.clock().instant();
      double passed = seconds(last, now);
      long made = report.step() + 1 - done;
      seconds[reports++ % KEPT] = passed / made;
      done += made;
      last = now;
      rows += report.rows();
      loss = String.format(Locale.ROOT, " loss %.3f", report.loss());
      session
          .progress()
          .at(
              report.step() + 1 - first,
              String.format(
                  Locale.ROOT,
                  "epoch %d,%s, %,.0f triplets/s, gradient %.3g, scale %.1f",
                  report.epoch() + 1,
                  loss,
                  rows / seconds(start, now),
                  report.gradientNorm(),
                  report.logitScale()));
      return passed;
    }

    private static double seconds(Instant from, Instant to) {
      return Duration.between(from, to).toNanos() / 1e9;
    }

    void end(Checkpoint end) {
      session
          .progress()
          .say(
              String.format(
                  Locale.ROOT,
                  "  train %s: loss %.3f and scale %.1f after %,d steps%s",
                  head,
                  lossOfLastEpoch(end),
                  end.logitScale(),
                  end.step(),
                  medianSeconds()
                      .map(each -> String.format(Locale.ROOT, " of %.0f ms", 1000 * each))
                      .orElse("")));
    }

    /** The median of the newest steps; none if the checkpoint was the end of the run. */
    Optional<Double> medianSeconds() {
      int count = Math.min(reports, KEPT);
      return Arrays.stream(seconds, 0, count).sorted().boxed().skip(count / 2).findFirst();
    }
  }
}
