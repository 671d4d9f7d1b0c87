package dev.weft.jobs.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Binder;
import dev.weft.train.HeadKind;
import dev.weft.train.PartialStep;
import dev.weft.train.StepRequest;
import dev.weft.train.StepWorkers;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.SparkException;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;

/**
 * Computes steps on the workers: one short Spark job per step with one task per slice. The
 * parameters go out as a broadcast that lives as long as the step; the slices come back in their
 * order, whichever was ready first.
 */
final class StepJobs implements StepWorkers {
  private static final String MAX_RESULT_SIZE = "spark.driver.maxResultSize";

  /** Bytes of a task's result besides the gradient, generously. */
  private static final long ENVELOPE = 4096;

  private final JavaSparkContext spark;
  private final StepSetup setup;
  private final JavaRDD<Integer> slices;
  private final java.util.function.Function<StepRequest, String> describe;
  private Optional<Broadcast<byte[]>> sent = Optional.empty();

  /**
   * @param describe what Spark's pages call the job of a step
   */
  StepJobs(
      JavaSparkContext spark,
      StepSetup setup,
      java.util.function.Function<StepRequest, String> describe) {
    this.describe = describe;
    this.spark = spark;
    this.setup = setup;
    requireRoomForResults();
    slices = spark.parallelize(IntStream.range(0, setup.parts()).boxed().toList(), setup.parts());
  }

  /** Spark counts the results of all tasks of a job, and stops it in the middle. */
  private void requireRoomForResults() {
    long limit = spark.getConf().getSizeAsBytes(MAX_RESULT_SIZE, "1g");
    long gradient = setup.architecture().parameterCount() * Float.BYTES;
    long results = Math.multiplyExact(setup.parts(), gradient + ENVELOPE);
    if (limit > 0 && results > limit) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot train the %s head in %d partitions: every step brings %d gradients of %d MiB to the"
              + " driver, together %d MiB, and %s allows %d MiB. Set %s to %dm or more in the"
              + " settings of Spark, with a spark.driver.memory to match, or lower train.partitions.",
          Binder.kebab(head()),
          setup.parts(),
          setup.parts(),
          mebibytes(gradient),
          mebibytes(results),
          MAX_RESULT_SIZE,
          limit >> 20,
          MAX_RESULT_SIZE,
          mebibytes(results));
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
    StepTask task = task(request);
    return run(
        request,
        "columns of " + describe.apply(request),
        part -> task.setup().computation().columns(task.request(), part, task.setup().parts()));
  }

  @Override
  public List<PartialStep> compute(StepRequest request) {
    StepTask task = task(request);
    try {
      return run(
          request,
          describe.apply(request),
          part -> task.setup().computation().compute(task.request(), part, task.setup().parts()));
    } finally {
      task.parameters().destroy();
      sent = Optional.empty();
    }
  }

  /** The parameters go out once for both passes of a step. */
  private StepTask task(StepRequest request) {
    if (sent.isEmpty()) {
      sent = Optional.of(spark.broadcast(request.parameters()));
    }
    return StepTask.of(setup, sent.get(), request);
  }

  private <T> List<T> run(StepRequest request, String description, Function<Integer, T> work) {
    spark.sc().setJobDescription(description);
    try {
      return slices.map(work).collect();
    } catch (Exception e) {
      throw plain(e, request);
    } finally {
      spark.sc().setJobDescription(null);
    }
  }

  /** What a task says stays as it is; what Spark says about lost workers is made plain. */
  private RuntimeException plain(Exception failure, StepRequest request) {
    boolean workersFailed = failure instanceof SparkException && failure.getCause() == null;
    if (!workersFailed) {
      return failure instanceof RuntimeException unchecked
          ? unchecked
          : new IllegalStateException(
              "step " + request.step() + " of the " + Binder.kebab(head()) + " head failed",
              failure);
    }
    return new WeftException(
        failure,
        ExitCode.TRY_LATER,
        "Cannot go on training the %s head: Spark gave up step %d (%s). Look at the logs of the"
            + " executors for why they went, such as memory; then run the same command again: it goes"
            + " on from the last checkpoint.",
        Binder.kebab(head()),
        request.step(),
        failure.getMessage().lines().findFirst().orElse("no reason given"));
  }
}
