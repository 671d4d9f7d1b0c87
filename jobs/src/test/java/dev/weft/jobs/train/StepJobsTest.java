package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import dev.weft.config.Settings;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.PipelineConfig;
import dev.weft.train.Batches;
import dev.weft.train.HeadArchitecture;
import dev.weft.train.LocalWorkers;
import dev.weft.train.Objective;
import dev.weft.train.PartialStep;
import dev.weft.train.Reduction;
import dev.weft.train.StepComputation;
import dev.weft.train.StepRequest;
import dev.weft.train.StepWorkers;
import dev.weft.train.TrainConfig;
import dev.weft.train.TripletTable;
import java.nio.FloatBuffer;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Steps as Spark jobs beside the same steps in this process. */
class StepJobsTest {
  private static final int WIDTH = 8;
  private static final int ROWS = 60;
  private static final Batches BATCHES = new Batches(3, ROWS, 40);

  // Wide enough for several pieces of its gradient.
  private static final HeadArchitecture.Trainable HEAD =
      new HeadArchitecture.Combiner(WIDTH, 300, 400, 0.5);

  private static JavaSparkContext spark;
  private static TripletTable table;
  private static Broadcast<byte[]> vectors;

  @BeforeAll
  static void start() {
    NativeBackend.load();
    spark = new JavaSparkContext(LocalSpark.session().sparkContext());
    table = table();
    vectors = spark.broadcast(table.toBytes());
  }

  @AfterAll
  static void forget() {
    vectors.destroy();
  }

  /** Random vectors; rows repeat targets and have mined negatives. */
  private static TripletTable table() {
    SplittableRandom random = new SplittableRandom(4);
    float[] rows = new float[ROWS * WIDTH];
    for (int row = 0; row < ROWS; row++) {
      double square = 0;
      for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
        rows[i] = (float) (random.nextDouble() - 0.5);
        square += rows[i] * rows[i];
      }
      for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
        rows[i] /= (float) Math.sqrt(square);
      }
    }
    int[] numbers = random.ints(4L * ROWS, 0, ROWS).toArray();
    return new TripletTable(
        WIDTH,
        1,
        rows,
        rows,
        java.util.Arrays.copyOfRange(numbers, 0, ROWS),
        java.util.Arrays.copyOfRange(numbers, ROWS, 2 * ROWS),
        java.util.Arrays.copyOfRange(numbers, 0, ROWS),
        2,
        java.util.Arrays.copyOfRange(numbers, 2 * ROWS, 4 * ROWS));
  }

  private static Objective objective(Objective.Direction direction) {
    return new Objective(direction, true, 2, 1, 0.1);
  }

  private static StepJobs jobs(Objective objective, int parts, Reduction reduction) {
    return new StepJobs(
        spark,
        new StepSetup("run " + objective, vectors, HEAD, BATCHES, objective, parts),
        reduction,
        Duration.ofMinutes(1),
        request -> "step " + request.step());
  }

  private static StepRequest request(long step) {
    SplittableRandom random = new SplittableRandom(step);
    byte[] parameters = new byte[(int) HEAD.parameterCount() * Float.BYTES];
    FloatBuffer values = NativeVectors.floats(parameters);
    while (values.hasRemaining()) {
      values.put((float) (0.2 * random.nextDouble() - 0.1));
    }
    return new StepRequest(step, (int) step / 2, (int) step % 2, parameters, 20);
  }

  /** Both passes, where there are two. */
  private static List<PartialStep> run(
      StepWorkers workers, Objective objective, StepRequest request) {
    return workers.compute(
        objective.needsColumns() ? request.withColumns(workers.columns(request)) : request);
  }

  private static void requireSameBits(List<PartialStep> found, List<PartialStep> expected) {
    assertThat(found).hasSameSizeAs(expected);
    for (int i = 0; i < found.size(); i++) {
      assertThat(found.get(i).rows()).isEqualTo(expected.get(i).rows());
      assertThat(found.get(i).loss()).isEqualTo(expected.get(i).loss());
      assertThat(found.get(i).logitScaleGradient()).isEqualTo(expected.get(i).logitScaleGradient());
      assertThat(found.get(i).gradient()).isEqualTo(expected.get(i).gradient());
    }
  }

  @ParameterizedTest
  @EnumSource(Objective.Direction.class)
  void theWorkersGiveTheBitsOfThisProcess(Objective.Direction direction) {
    Objective objective = objective(direction);
    requireBitsOfThisProcess(jobs(objective, 3, Reduction.DRIVER), objective);
  }

  @ParameterizedTest
  @EnumSource(Objective.Direction.class)
  void tasksThatStayGiveTheBitsOfThisProcess(Objective.Direction direction) {
    Objective objective = objective(direction);
    try (DistributedSteps served = steps(objective, 3, "server")) { // on two slots
      requireBitsOfThisProcess(served, objective);

      served.rest();
      assertThat(spark.parallelize(List.of(1, 2, 3), 3).count()).isEqualTo(3); // the slots are free

      requireBitsOfThisProcess(served, objective);
      if (!objective.needsColumns()) {
        assertThat(served.notFinite(request(0))).hasSize(3).allMatch(rows -> rows.length == 0);
      }
      requireBitsOfThisProcess(served, objective);
      assertThat(served.reduction()).isEqualTo(Reduction.SERVER);
      assertThat(served.bytesBroadcast()).isEqualTo(HEAD.parameterCount() * Float.BYTES);
    }
  }

  private static void requireBitsOfThisProcess(StepWorkers workers, Objective objective) {
    StepComputation here = new StepComputation(HEAD, table, BATCHES, objective);
    for (int step = 0; step < 4; step++) {
      requireSameBits(
          run(workers, objective, request(step)),
          run(new LocalWorkers(here, 3), objective, request(step)));
    }
  }

  private static DistributedSteps steps(Objective objective, int parts, String reduce) {
    Settings settings = Settings.ofPairs(List.of("train.reduce=" + reduce));
    TrainConfig config =
        PipelineConfig.bind(PipelineConfig.defaults().overriddenBy(settings), "a test").train();
    return DistributedSteps.of(
        spark,
        new StepSetup("served " + objective, vectors, HEAD, BATCHES, objective, parts),
        config,
        request -> "step " + request.step());
  }

  @Test
  void tasksStayWhereGradientsAreSmall() {
    Objective objective = objective(Objective.Direction.QUERY_TO_TARGET);
    long gradient = HEAD.parameterCount() * Float.BYTES;
    int many = (int) (DistributedSteps.SERVED_BYTES / gradient) + 1;

    assertThat(reduction(objective, 2, "auto")).isEqualTo(Reduction.SERVER);
    assertThat(reduction(objective, many, "auto")).isNotEqualTo(Reduction.SERVER);
    assertThat(reduction(objective, 2, "driver")).isEqualTo(Reduction.DRIVER);
    assertThat(reduction(objective, 2, "shuffle")).isEqualTo(Reduction.SHUFFLE);
  }

  private static Reduction reduction(Objective objective, int parts, String reduce) {
    try (DistributedSteps steps = steps(objective, parts, reduce)) {
      return steps.reduction();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 5, 50})
  void aShuffleAddsUpToTheBitsOfTheDriver(int parts) {
    Objective objective = objective(Objective.Direction.SYMMETRIC);
    StepJobs shuffled = jobs(objective, parts, Reduction.SHUFFLE);
    List<PartialStep> slices = run(jobs(objective, parts, Reduction.DRIVER), objective, request(1));
    assertThat(slices).hasSize(parts);

    List<PartialStep> sum = run(shuffled, objective, request(1));

    requireSameBits(sum, List.of(sum(slices)));
    assertThat(run(shuffled, objective, request(1)).get(0).gradient())
        .isEqualTo(sum.get(0).gradient());
  }

  /** In float32, slice after slice. */
  private static PartialStep sum(List<PartialStep> slices) {
    int rows = 0;
    double loss = 0;
    double scale = 0;
    float[] gradient = new float[(int) HEAD.parameterCount()];
    for (PartialStep slice : slices) {
      rows += slice.rows();
      loss += slice.loss();
      scale += slice.logitScaleGradient();
      FloatBuffer values = NativeVectors.floats(slice.gradient());
      for (int i = 0; values.hasRemaining(); i++) {
        gradient[i] += values.get();
      }
    }
    byte[] bytes = new byte[gradient.length * Float.BYTES];
    NativeVectors.floats(bytes).put(gradient);
    return new PartialStep(rows, loss, scale, bytes);
  }

  @Test
  void theDriverAddsUpUntilItsRoomIsShort() {
    Objective objective = objective(Objective.Direction.QUERY_TO_TARGET);
    long gradient = HEAD.parameterCount() * Float.BYTES;
    int many = (int) (Runtime.getRuntime().maxMemory() / 4 / gradient) + 1;

    assertThat(jobs(objective, 3, Reduction.AUTO).reduction()).isEqualTo(Reduction.DRIVER);
    assertThat(jobs(objective, many, Reduction.AUTO).reduction()).isEqualTo(Reduction.SHUFFLE);
  }

  @Test
  void aGradientOfSeveralPiecesHasNoGap() {
    GradientPieces pieces = GradientPieces.of(5, HEAD.parameterCount());

    assertThat(pieces.count()).isGreaterThan(1).isLessThanOrEqualTo(5);
    assertThat(GradientPieces.of(5, 1).count()).isEqualTo(1);
  }

  @Test
  void theCostOfAStepIsThatOfBothPasses() {
    Objective objective = objective(Objective.Direction.SYMMETRIC);
    StepJobs jobs = jobs(objective, 2, Reduction.DRIVER);
    jobs.prepare(request(0));
    long start = System.nanoTime();

    run(jobs, objective, request(0));

    double seconds = (System.nanoTime() - start) / 1e9;
    StepCost cost = jobs.cost(new dev.weft.train.StepReport(0, 1, 0, 40, 1, 1, 1, 20, 0.25, 0.5));
    assertThat(cost.total()).isBetween(0.75, 0.75 + seconds);
    assertThat(cost.compute()).isPositive().isGreaterThanOrEqualTo(cost.meanCompute());
    assertThat(cost.broadcast()).isPositive();
    assertThat(cost.sum()).isEqualTo(0.25);
    assertThat(cost.update()).isEqualTo(0.5);
    StepCostModel.Calibration calibration = jobs.calibrate();
    assertThat(calibration.fixedCompute()).isPositive().isLessThan(1);
    assertThat(calibration.launchBase() + 2 * calibration.launchPerTask()).isPositive();
  }
}
