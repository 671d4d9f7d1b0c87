package dev.weft.jobs.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import dev.weft.config.Binder;
import dev.weft.jobs.Session;
import dev.weft.jobs.align.AlignVerification;
import dev.weft.train.Batches;
import dev.weft.train.HeadArchitecture;
import dev.weft.train.HeadKind;
import dev.weft.train.Objective;
import dev.weft.train.PartialStep;
import dev.weft.train.Reduction;
import dev.weft.train.ReferenceStep;
import dev.weft.train.StepRequest;
import dev.weft.train.StepWorkers;
import dev.weft.train.TrainConfig;
import dev.weft.train.Trainer;
import dev.weft.train.TripletTable;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Shows, on the data and the cluster of the user, that the distributed step is the step of the
 * formulas: loss and gradient of 1, 2, 4 and 8 partitions are held against one process in float64
 * that computes them another way ({@link ReferenceStep}).
 *
 * <p>The batches are of the user's vectors; a quarter of the rows are given the target of another
 * row and each row two random hard negatives, so that masks and every kind of negative take part.
 * The two passes of align's symmetric loss are held against such a process too.
 *
 * <pre>scripts/weft verify-loss --config conf/wardrobe.yaml</pre>
 */
public final class LossVerification {
  private static final int[] PARTITIONS = {1, 2, 4, 8};
  private static final int HARD_NEGATIVES = 2;
  private static final int MEMORY = 2;
  private static final double SMOOTHING = 0.1;

  /** Relative error of loss and gradient that float32 stays below. */
  private static final double TOLERANCE = 1e-5;

  private final Session session;
  private final UnaryOperator<StepWorkers> seen;
  private final List<Map<String, Object>> rows = new ArrayList<>();

  /**
   * @param seen what is looked at instead of the steps themselves: they, or something wrong on
   *     purpose
   */
  LossVerification(Session session, UnaryOperator<StepWorkers> seen) {
    this.session = session;
    this.seen = seen;
  }

  /**
   * Verifies on the Spark of the session.
   *
   * @return the figures; an exception if a step is not within the tolerance
   */
  public static Map<String, Object> run(Session session) {
    return new LossVerification(session, UnaryOperator.identity()).verify();
  }

  /** What the loss is made of in a check. */
  private record Check(String name, Objective objective) {}

  private static List<Check> checks() {
    List<Check> checks = new ArrayList<>();
    for (Objective.Direction direction : Objective.Direction.values()) {
      String name = Binder.kebab(direction);
      checks.add(new Check(name, new Objective(direction, false, 0, 0, 0)));
      checks.add(
          new Check(
              name + ", all negatives, smoothed",
              new Objective(direction, true, HARD_NEGATIVES, MEMORY, SMOOTHING)));
    }
    return checks;
  }

  Map<String, Object> verify() {
    NativeBackend.load();
    TrainConfig config = session.config().train();
    List<HeadKind> heads =
        config.heads().stream()
            .filter(kind -> kind != HeadKind.SUM && kind != HeadKind.WEIGHTED)
            .toList();
    if (heads.isEmpty()) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot verify the loss: train.heads (%s) has no head that is trained by steps. Name one,"
              + " such as --set 'train.heads=[gated]'.",
          config.heads().stream().map(Binder::kebab).toList());
    }
    session.progress().say(line("head", "loss", "partitions", "loss error", "gradient error"));
    try (TrainingData data =
        new TrainingData(
            session, session.artefact("ingest").require(), session.artefact("encode").require())) {
      int most = data.table().rows();
      int size = Math.max(1, Math.min(config.batchSize(), most / (MEMORY + 1)));
      int used = Math.min(most, size * (MEMORY + 1));
      TripletTable table = data.table().mixed(used, HARD_NEGATIVES, session.config().seed());
      Broadcast<byte[]> vectors =
          new JavaSparkContext(session.spark().sparkContext()).broadcast(table.toBytes());
      try {
        for (HeadKind head : heads) {
          verify(head, table, new Batches(session.config().seed(), used, size), vectors);
        }
        verifyAlign(table, size);
      } finally {
        vectors.destroy();
      }
    }
    return result();
  }

  private void verify(
      HeadKind kind, TripletTable table, Batches batches, Broadcast<byte[]> vectors) {
    TrainConfig config = session.config().train();
    HeadArchitecture.Trainable head = config.trainable(kind, table.dimension());
    Trainer trainer = new Trainer(config, head, batches, "verification");
    StepRequest start = HeadTraining.first(trainer.start());
    // The last batch of the epoch: it has others before it.
    int last = batches.stepsPerEpoch() - 1;
    StepRequest request = new StepRequest(last, 0, last, start.parameters(), start.logitScale());
    for (Check check : checks()) {
      ReferenceStep.Result expected =
          new ReferenceStep(head, table, batches, check.objective()).compute(request);
      for (int parts : PARTITIONS) {
        compare(kind, check, setup(head, batches, vectors, check, parts), request, expected);
      }
    }
  }

  private static StepSetup setup(
      HeadArchitecture.Trainable head,
      Batches batches,
      Broadcast<byte[]> vectors,
      Check check,
      int parts) {
    String run = "verify " + vectors.id() + head + check;
    return new StepSetup(run, vectors, head, batches, check.objective(), parts);
  }

  private void compare(
      HeadKind kind,
      Check check,
      StepSetup setup,
      StepRequest request,
      ReferenceStep.Result expected) {
    List<Reduction> reductions =
        setup.parts() == PARTITIONS[PARTITIONS.length - 1]
            ? List.of(Reduction.SERVER, Reduction.DRIVER, Reduction.SHUFFLE)
            : List.of(Reduction.SERVER);
    for (Reduction reduction : reductions) {
      try (DistributedSteps steps = steps(setup, reduction)) {
        StepWorkers step = seen.apply(steps);
        StepRequest ready =
            check.objective().needsColumns() ? request.withColumns(step.columns(request)) : request;
        Errors errors = errors(step.compute(ready), request.logitScale(), expected);
        boolean usual = reduction == Reduction.SERVER;
        String partitions = setup.parts() + (usual ? "" : " (" + Binder.kebab(reduction) + ")");
        add(Binder.kebab(kind), check.name(), partitions, errors, expected.masked());
      }
    }
  }

  private DistributedSteps steps(StepSetup setup, Reduction reduction) {
    return DistributedSteps.of(
        new JavaSparkContext(session.spark().sparkContext()),
        setup,
        reduction,
        Duration.ofSeconds(session.config().train().stepTimeoutSeconds()),
        request -> "verify the loss in " + setup.parts() + " partitions");
  }

  /** The two passes of align, on the same vectors: another loss, whose both sides are trained. */
  private void verifyAlign(TripletTable table, int size) {
    JavaSparkContext spark = new JavaSparkContext(session.spark().sparkContext());
    AlignVerification align =
        new AlignVerification(table, size, session.config().align(), session.config().seed());
    spark.setJobDescription("verify the loss of align");
    try {
      for (int parts : PARTITIONS) {
        AlignVerification.Check found = align.on(spark, parts);
        Errors errors = new Errors(found.lossError(), found.gradientError());
        add("align", "symmetric, both sides", String.valueOf(parts), errors, found.masked());
      }
    } finally {
      spark.setJobDescription(null);
    }
  }

  private void add(String head, String loss, String partitions, Errors errors, long masked) {
    session
        .progress()
        .say(
            line(
                head,
                loss,
                partitions,
                String.format(Locale.ROOT, "%.1e", errors.loss()),
                String.format(Locale.ROOT, "%.1e", errors.gradient())
                    + (errors.within() ? "" : "  <- too far")));
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("head", head);
    row.put("loss", loss);
    row.put("partitions", partitions);
    row.put("masked", masked);
    row.put("loss_error", errors.loss());
    row.put("gradient_error", errors.gradient());
    rows.add(row);
  }

  /** Relative errors; the logarithm of the logit scale is one more coordinate of the gradient. */
  private record Errors(double loss, double gradient) {
    boolean within() {
      return loss <= TOLERANCE && gradient <= TOLERANCE; // not if either is not a number
    }
  }

  private static Errors errors(
      List<PartialStep> slices, double scale, ReferenceStep.Result expected) {
    float[] gradient = new float[expected.gradient().length];
    double loss = 0;
    double ofScale = 0;
    for (PartialStep slice : slices) {
      loss += slice.loss();
      ofScale += slice.logitScaleGradient();
      FloatBuffer values = NativeVectors.floats(slice.gradient());
      for (int i = 0; values.hasRemaining(); i++) {
        gradient[i] += values.get();
      }
    }
    double last = scale * expected.logitScaleGradient();
    double distance = Math.pow(scale * ofScale - last, 2);
    double length = last * last;
    for (int i = 0; i < gradient.length; i++) {
      distance += Math.pow(gradient[i] - expected.gradient()[i], 2);
      length += Math.pow(expected.gradient()[i], 2);
    }
    return new Errors(
        Math.abs(loss - expected.loss()) / Math.abs(expected.loss()), Math.sqrt(distance / length));
  }

  private static String line(String... cells) {
    return String.format(Locale.ROOT, "  %-9s  %-42s  %-11s  %-10s  %s", (Object[]) cells);
  }

  private Map<String, Object> result() {
    double loss = worst("loss_error");
    double gradient = worst("gradient_error");
    if (!new Errors(loss, gradient).within()) {
      throw new WeftException(
          ExitCode.BUG,
          "Cannot trust the training steps of this cluster: loss and gradient of %d of %d checks"
              + " are not those of one process in float64; the largest relative errors are %.1e and"
              + " %.1e, and %.0e is allowed. Look which processors and libraries the executors"
              + " have; do not train before this passes.",
          rows.stream()
              .filter(
                  row ->
                      !new Errors(
                              (Double) row.get("loss_error"), (Double) row.get("gradient_error"))
                          .within())
              .count(),
          rows.size(),
          loss,
          gradient,
          TOLERANCE);
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("stage", "verify-loss");
    figures.put("status", "done");
    figures.put("checks", rows.size());
    figures.put("tolerance", TOLERANCE);
    figures.put("worst_loss_error", loss);
    figures.put("worst_gradient_error", gradient);
    figures.put("rows", rows);
    return figures;
  }

  /** The largest; not a number if one is not. */
  private double worst(String error) {
    return rows.stream().mapToDouble(row -> (Double) row.get(error)).reduce(0, Math::max);
  }
}
