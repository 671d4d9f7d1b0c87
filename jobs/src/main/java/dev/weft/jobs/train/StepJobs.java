package dev.weft.jobs.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Binder;
import dev.weft.train.HeadKind;
import dev.weft.train.LocalRound;
import dev.weft.train.PartialStep;
import dev.weft.train.Reduction;
import dev.weft.train.StepComputation;
import dev.weft.train.StepReport;
import dev.weft.train.StepRequest;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Computes steps on the workers: one short Spark job per step with one task per slice. The
 * parameters go out as a broadcast that lives as long as the step; the slices come back in their
 * order, whichever was ready first.
 */
final class StepJobs implements DistributedSteps {
  private static final String MAX_RESULT_SIZE = "spark.driver.maxResultSize";

  /** Parameters and two moments of each. */
  private static final int LOCAL_VECTORS = 3;

  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final long POLL_MILLIS = 50;

  /** Tasks of an empty job that shows what more tasks cost. */
  private static final int EMPTY_TASKS = 32;

  /** Bytes of a task's result besides the gradient, generously. */
  private static final long ENVELOPE = 4096;

  private final JavaSparkContext spark;
  private final StepSetup setup;
  private final Reduction reduction;
  private final JavaRDD<Integer> slices;
  private final Function<StepRequest, String> describe;
  private final StepWatch watch;
  private final ParameterBroadcast parameters;
  private long bytesBroadcast;
  private double fixedCompute;
  private double broadcast;
  private double fetch;
  private double compute;
  private double meanCompute;
  private double job;

  /**
   * @param wanted where the gradients are to be added up
   * @param patience how long a step may take
   * @param describe what Spark's pages call the job of a step
   */
  StepJobs(
      JavaSparkContext spark,
      StepSetup setup,
      Reduction wanted,
      Duration patience,
      Function<StepRequest, String> describe) {
    this.describe = describe;
    this.spark = spark;
    this.setup = setup;
    this.reduction = reduction(wanted);
    requireRoomForResults(1);
    watch = new StepWatch(spark.sc(), patience);
    parameters = new ParameterBroadcast(spark);
    slices = spark.parallelize(IntStream.range(0, setup.parts()).boxed().toList(), setup.parts());
  }

  @Override
  public void rest() {
    // Between two jobs the executors are free.
  }

  @Override
  public void close() {
    parameters.close();
  }

  @Override
  public Reduction reduction() {
    return reduction;
  }

  /** What one row costs, whatever the size of the slice, seconds. */
  double fixedCompute() {
    return fixedCompute;
  }

  /** More than a quarter of what the driver takes leaves it no room for anything else. */
  private Reduction reduction(Reduction wanted) {
    if (wanted != Reduction.AUTO) {
      return wanted == Reduction.SERVER ? Reduction.DRIVER : wanted;
    }
    long limit = limit() > 0 ? limit() : Long.MAX_VALUE;
    boolean crowd = results() > Math.min(limit, Runtime.getRuntime().maxMemory()) / 4;
    return crowd && setup.parts() > 1 ? Reduction.SHUFFLE : Reduction.DRIVER;
  }

  private long limit() {
    return spark.getConf().getSizeAsBytes(MAX_RESULT_SIZE, "1g");
  }

  private long gradient() {
    return setup.architecture().parameterCount() * Float.BYTES;
  }

  /** Bytes of all gradients of a step. */
  long results() {
    return Math.multiplyExact(setup.parts(), gradient() + ENVELOPE);
  }

  /**
   * Spark counts the results of all tasks of a job, and stops it in the middle.
   *
   * @param vectors vectors as long as the parameters in a result
   */
  private void requireRoomForResults(int vectors) {
    long limit = limit();
    boolean together = reduction == Reduction.SHUFFLE && vectors == 1;
    long results = together ? gradient() + ENVELOPE : vectors * results();
    if (limit > 0 && results > limit) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot train the %s head in %d partitions: every step brings %d gradients of %d MiB to"
              + " the driver, together %d MiB, and %s allows %d MiB. Set %s to %dm or more in the"
              + " settings of Spark, with a spark.driver.memory to match, or lower"
              + " train.partitions%s.",
          Binder.kebab(head()),
          setup.parts(),
          together ? 1 : vectors * setup.parts(),
          mebibytes(gradient()),
          mebibytes(results),
          MAX_RESULT_SIZE,
          limit >> 20,
          MAX_RESULT_SIZE,
          mebibytes(results),
          together || vectors > 1 ? "" : ", or set train.reduce=shuffle");
    }
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }

  private HeadKind head() {
    return setup.architecture().kind();
  }

  @Override
  public List<double[]> columns(StepRequest request) {
    return run(request, StepTask.Pass.COLUMNS, "columns of " + describe.apply(request)).stream()
        .map(SliceResult::columns)
        .toList();
  }

  @Override
  public List<PartialStep> compute(StepRequest request) {
    try {
      return reduction == Reduction.SHUFFLE
          ? List.of(scattered(request, describe.apply(request)))
          : run(request, StepTask.Pass.GRADIENT, describe.apply(request)).stream()
              .map(SliceResult::step)
              .toList();
    } finally {
      parameters.forget();
    }
  }

  /** The workers add up the gradient, in pieces. */
  private PartialStep scattered(StepRequest request, String description) {
    StepTask task = StepTask.of(setup, send(request), request);
    GradientPieces pieces = GradientPieces.of(setup.parts(), setup.architecture().parameterCount());
    long start = System.nanoTime();
    JavaRDD<byte[]> sums = pieces.sums(slices, part -> task.run(StepTask.Pass.GRADIENT, part));
    try {
      List<byte[]> results = run(request, description, sums::collect);
      count(GradientPieces.headers(results.get(0)), start);
      return pieces.join(results);
    } finally {
      sums.rdd().cleanShuffleDependencies(false);
    }
  }

  @Override
  public void prepare(StepRequest request) {
    awaitWorkers();
    try {
      String description = "make the workers ready for " + describe.apply(request);
      fixedCompute =
          run(request, StepTask.Pass.WARM_UP, description).stream()
                  .mapToLong(SliceResult::computeNanos)
                  .average()
                  .orElseThrow()
              / 1e9;
    } finally {
      parameters.forget();
    }
  }

  @Override
  public StepCostModel.Calibration calibrate() {
    int parts = setup.parts();
    int more = Math.max(EMPTY_TASKS, 2 * parts);
    return StepCostModel.Calibration.of(
        parts, launchSeconds(parts), more, launchSeconds(more), fixedCompute);
  }

  /**
   * Waits until there is a worker for each slice, so that each of them is made ready; half a minute
   * at most, because a cluster may have fewer.
   */
  private void awaitWorkers() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (!spark.sc().isLocal()
          && spark.sc().statusTracker().getExecutorInfos().length - 1 < setup.parts()
          && System.nanoTime() < deadline) {
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("stopped while waiting for executors", e);
    }
  }

  /** How long a job takes whose tasks do nothing: the shorter of two. */
  private double launchSeconds(int tasks) {
    JavaRDD<Integer> rdd = spark.parallelize(Collections.nCopies(tasks, 0), tasks);
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < 2; i++) {
      long start = System.nanoTime();
      rdd.map(task -> task).collect();
      least = Math.min(least, (System.nanoTime() - start) / 1e9);
    }
    return least;
  }

  @Override
  public List<LocalRound.Result> local(LocalRound round, byte[] state) {
    requireRoomForResults(LOCAL_VECTORS);
    int perEpoch = setup.batches().stepsPerEpoch();
    StepRequest request =
        new StepRequest(
            round.step(),
            (int) (round.step() / perEpoch),
            (int) (round.step() % perEpoch),
            state,
            1);
    StepSetup common = setup;
    Broadcast<byte[]> start = send(request);
    long begin = System.nanoTime();
    try {
      List<SliceResult> results =
          run(
              request,
              "local steps from " + describe.apply(request),
              () -> collect(slices.map(part -> local(common, start, round, part))));
      count(results, begin);
      return results.stream().map(result -> LocalRound.Result.of(result.payload())).toList();
    } finally {
      parameters.forget();
    }
  }

  private static byte[] local(
      StepSetup setup, Broadcast<byte[]> state, LocalRound round, int part) {
    long start = System.nanoTime();
    byte[] begin = state.value();
    StepComputation computation = setup.computation();
    long fetched = System.nanoTime();
    byte[] result = round.run(computation, begin, part, setup.parts()).toBytes();
    long computed = System.nanoTime() - fetched;
    return new SliceResult(0, 0, 0, fetched - start, computed, result).toBytes();
  }

  @Override
  public StepCost cost(StepReport step) {
    return new StepCost(
        broadcast,
        fetch,
        compute,
        meanCompute,
        Math.max(0, job - fetch - compute),
        step.sumSeconds(),
        step.updateSeconds());
  }

  @Override
  public List<int[]> notFinite(StepRequest request) {
    try {
      StepTask task = StepTask.of(setup, send(request), request);
      return run(
          request,
          "look for what made " + describe.apply(request) + " fail",
          () -> slices.map(task::notFinite).collect());
    } finally {
      parameters.forget();
    }
  }

  @Override
  public long bytesBroadcast() {
    return bytesBroadcast;
  }

  /** The parameters go out once for both passes of a step. */
  private Broadcast<byte[]> send(StepRequest request) {
    if (parameters.isOut()) {
      return parameters.send(request.parameters());
    }
    long start = System.nanoTime();
    Broadcast<byte[]> sent = parameters.send(request.parameters());
    bytesBroadcast = request.parameters().length;
    broadcast = (System.nanoTime() - start) / 1e9;
    fetch = 0;
    compute = 0;
    meanCompute = 0;
    job = 0;
    return sent;
  }

  private List<SliceResult> run(StepRequest request, StepTask.Pass pass, String description) {
    StepTask task = StepTask.of(setup, send(request), request);
    long start = System.nanoTime();
    List<SliceResult> results =
        run(
            request,
            description,
            () -> collect(slices.map(part -> task.run(pass, part).toBytes())));
    count(results, start);
    return results;
  }

  private static List<SliceResult> collect(JavaRDD<byte[]> results) {
    return results.collect().stream().map(SliceResult::of).toList();
  }

  private void count(List<SliceResult> slices, long start) {
    job += (System.nanoTime() - start) / 1e9;
    fetch += slices.stream().mapToLong(SliceResult::fetchNanos).max().orElse(0) / 1e9;
    compute += slices.stream().mapToLong(SliceResult::computeNanos).max().orElse(0) / 1e9;
    meanCompute += slices.stream().mapToLong(SliceResult::computeNanos).average().orElse(0) / 1e9;
  }

  private <T> T run(StepRequest request, String description, Supplier<T> work) {
    spark.sc().setJobDescription(description);
    try {
      return watch.guard(what(request), work);
    } finally {
      spark.sc().setJobDescription(null);
    }
  }

  private String what(StepRequest request) {
    return "step " + request.step() + " of the " + Binder.kebab(head()) + " head";
  }
}
