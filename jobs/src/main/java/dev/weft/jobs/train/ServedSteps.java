package dev.weft.jobs.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Binder;
import dev.weft.jobs.DriverCalls;
import dev.weft.jobs.WeftPlugin;
import dev.weft.train.LocalRound;
import dev.weft.train.PartialStep;
import dev.weft.train.Reduction;
import dev.weft.train.StepReport;
import dev.weft.train.StepRequest;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * Computes steps on tasks that stay: the tasks of one Spark job fetch slice after slice from the
 * {@link ParameterServer} of this process. A step costs two messages per slice instead of a job and
 * a broadcast.
 *
 * <p>Such a job is a shift. It ends when other jobs need the executors ({@link #rest}), and after a
 * minute, so that Spark's pages show where the training is and its count of failures begins anew. A
 * worker that is lost gives its slice back, and Spark starts its task again elsewhere; a shift that
 * failed is begun once more if any step was done in it.
 */
final class ServedSteps implements DistributedSteps {
  private static final Duration SHIFT = Duration.ofMinutes(1);
  private static final Duration DEPARTURE = Duration.ofSeconds(10);

  /** Between two looks at whether the shift is still there, milliseconds. */
  private static final long LOOK_MILLIS = 50;

  private final JavaSparkContext spark;
  private final StepSetup setup;
  private final StepJobs jobs;
  private final Duration patience;
  private final Function<StepRequest, String> describe;
  private final ParameterServer server = new ParameterServer();
  private final String desk = "weft-steps-" + UUID.randomUUID();
  private final JavaRDD<Integer> workers;
  private final StepWatch watch;
  private Optional<Shift> shift = Optional.empty();
  private long stepOfCosts = -1;
  private double handedOut;
  private double compute;
  private double meanCompute;
  private double pass;
  private long bytes;

  /** Tasks at work. */
  private static final class Shift {
    private final JavaFutureAction<Void> tasks;
    private final long begun = System.nanoTime();
    private boolean useful; // a pass was done

    Shift(JavaFutureAction<Void> tasks) {
      this.tasks = tasks;
    }

    boolean isLong() {
      return System.nanoTime() - begun > SHIFT.toNanos();
    }
  }

  /**
   * @param jobs for all that is no step
   */
  ServedSteps(
      JavaSparkContext spark,
      StepSetup setup,
      StepJobs jobs,
      Duration patience,
      Function<StepRequest, String> describe) {
    if (!WeftPlugin.isOn(spark.getConf())) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot train with train.reduce=server: the tasks ask the driver by way of %s, which"
              + " spark.plugins (%s) does not name. Add it there before the session is opened, or"
              + " set train.reduce=auto.",
          WeftPlugin.class.getName(),
          spark.getConf().get("spark.plugins", "not set"));
    }
    this.spark = spark;
    this.setup = setup;
    this.jobs = jobs;
    this.patience = patience;
    this.describe = describe;
    watch =
        new StepWatch(
            spark.sc(), patience, task -> server.gone(task.taskId()).orElse(task.index()));
    workers = spark.parallelize(IntStream.range(0, setup.parts()).boxed().toList(), setup.parts());
    DriverCalls.open(desk, question -> server.answer(ServerMessage.Ask.of(question)).parts());
  }

  @Override
  public Reduction reduction() {
    return Reduction.SERVER;
  }

  @Override
  public List<double[]> columns(StepRequest request) {
    return run(request, StepTask.Pass.COLUMNS).stream().map(SliceResult::columns).toList();
  }

  @Override
  public List<PartialStep> compute(StepRequest request) {
    return run(request, StepTask.Pass.GRADIENT).stream().map(SliceResult::step).toList();
  }

  private List<SliceResult> run(StepRequest request, StepTask.Pass what) {
    String name = "step " + request.step() + " of the " + head() + " head";
    if (shift.isPresent() && shift.get().isLong()) {
      rest();
    }
    server.post(request, what, setup.parts());
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      if (shift.isEmpty()) {
        shift = Optional.of(begin(request));
      }
      Optional<List<SliceResult>> found = server.await(LOOK_MILLIS);
      if (found.isPresent()) {
        shift.get().useful = true;
        count(request, found.get());
        return found.get();
      }
      if (shift.get().tasks.isDone()) {
        endOf(name, shift.get());
      } else if (System.nanoTime() > deadline) {
        throw stuck(name, shift.get());
      }
    }
  }

  private String head() {
    return Binder.kebab(setup.architecture().kind());
  }

  private Shift begin(StepRequest request) {
    watch.begin();
    ServedTask task = new ServedTask(setup, desk);
    spark.sc().setJobDescription(describe.apply(request) + " and on");
    try {
      return new Shift(workers.foreachAsync(part -> task.run()));
    } finally {
      spark.sc().setJobDescription(null);
    }
  }

  /** A shift that is over though the pass is not: whether to go on with another. */
  private void endOf(String name, Shift ended) {
    try {
      ended.tasks.get();
    } catch (ExecutionException e) {
      if (!ended.useful || spark.sc().isStopped()) {
        Exception cause = e.getCause() instanceof Exception thrown ? thrown : e;
        RuntimeException failure = watch.plain(name, cause);
        forget();
        throw failure;
      }
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
    forget();
  }

  private void forget() {
    watch.end();
    server.allGone();
    shift = Optional.empty();
  }

  private RuntimeException stuck(String name, Shift running) {
    long now = System.nanoTime();
    watch.cancel(
        server.hands().entrySet().stream()
            .sorted(Map.Entry.comparingByKey())
            .map(hand -> watch.work(hand.getKey(), hand.getValue(), now))
            .toList());
    RuntimeException failure = watch.plain(name, new TimeoutException(name));
    depart(running);
    return failure;
  }

  /** Waits for the tasks to go, and no longer than is decent. */
  private void depart(Shift running) {
    try {
      running.tasks.get(DEPARTURE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException | TimeoutException e) {
      running.tasks.cancel(true); // no step needs them any more
    } catch (InterruptedException e) {
      throw interrupted(e);
    } finally {
      forget();
    }
  }

  private static IllegalStateException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new IllegalStateException("stopped while waiting for the workers", e);
  }

  @Override
  public void rest() {
    server.sendAway();
    shift.ifPresent(this::depart);
  }

  @Override
  public void close() {
    rest();
    DriverCalls.close(desk);
    jobs.close();
  }

  private void count(StepRequest request, List<SliceResult> results) {
    if (request.step() != stepOfCosts) {
      stepOfCosts = request.step();
      handedOut = 0;
      compute = 0;
      meanCompute = 0;
      pass = 0;
      bytes = request.parameters().length;
    }
    pass += (System.nanoTime() - server.posted()) / 1e9;
    handedOut += (server.taken() - server.posted()) / 1e9;
    compute += results.stream().mapToLong(SliceResult::computeNanos).max().orElse(0) / 1e9;
    meanCompute += results.stream().mapToLong(SliceResult::computeNanos).average().orElse(0) / 1e9;
  }

  @Override
  public StepCost cost(StepReport step) {
    return new StepCost(
        handedOut,
        0,
        compute,
        meanCompute,
        Math.max(0, pass - handedOut - compute),
        step.sumSeconds(),
        step.updateSeconds());
  }

  @Override
  public long bytesBroadcast() {
    return bytes;
  }

  @Override
  public void prepare(StepRequest request) {
    rest();
    jobs.prepare(request);
  }

  /** No step launches a job. */
  @Override
  public StepCostModel.Calibration calibrate() {
    return new StepCostModel.Calibration(0, 0, jobs.fixedCompute());
  }

  @Override
  public List<int[]> notFinite(StepRequest request) {
    rest();
    return jobs.notFinite(request);
  }

  @Override
  public List<LocalRound.Result> local(LocalRound round, byte[] state) {
    rest();
    return jobs.local(round, state);
  }
}
