package dev.weft.jobs.train;

import dev.weft.jobs.WeftPlugin;
import dev.weft.train.Reduction;
import dev.weft.train.StepReport;
import dev.weft.train.StepRequest;
import dev.weft.train.StepWorkers;
import dev.weft.train.Sync;
import dev.weft.train.TrainConfig;
import java.time.Duration;
import java.util.function.Function;
import org.apache.spark.api.java.JavaSparkContext;

/** Steps that Spark's executors compute, and what they cost. */
interface DistributedSteps extends StepWorkers, AutoCloseable {
  /**
   * Gradients of one step that the driver can send and receive without others to help, bytes: 50 ms
   * at 10 Gbit/s.
   */
  long SERVED_BYTES = 64L << 20;

  /**
   * Sets up the way that fits. Rounds of local steps are jobs: they are long, and few.
   *
   * @param config says how the gradients are to come together
   * @param describe what Spark's pages call the job of a step
   */
  static DistributedSteps of(
      JavaSparkContext spark,
      StepSetup setup,
      TrainConfig config,
      Function<StepRequest, String> describe) {
    boolean rounds = config.sync() == Sync.LOCAL;
    boolean serve = config.reduce() == Reduction.AUTO || config.reduce() == Reduction.SERVER;
    return of(
        spark,
        setup,
        rounds && serve ? Reduction.DRIVER : config.reduce(),
        Duration.ofSeconds(config.stepTimeoutSeconds()),
        describe);
  }

  /**
   * Sets up a certain way, or for AUTO the one that fits.
   *
   * @param patience how long a step may take
   */
  static DistributedSteps of(
      JavaSparkContext spark,
      StepSetup setup,
      Reduction wanted,
      Duration patience,
      Function<StepRequest, String> describe) {
    StepJobs jobs = new StepJobs(spark, setup, wanted, patience, describe);
    boolean small = jobs.reduction() == Reduction.DRIVER && jobs.results() <= SERVED_BYTES;
    boolean fits = wanted == Reduction.AUTO && small && WeftPlugin.isOn(spark.getConf());
    return fits || wanted == Reduction.SERVER
        ? new ServedSteps(spark, setup, jobs, patience, describe)
        : jobs;
  }

  /** How the gradients come together; never AUTO. */
  Reduction reduction();

  /**
   * Makes the workers ready: each builds its model and its tables, and computes a slice as it will
   * in the steps.
   *
   * @param request of the first step, or any other
   */
  void prepare(StepRequest request);

  /** Measures what the steps themselves do not show; after some of them, when all is warm. */
  StepCostModel.Calibration calibrate();

  /** Where the time of the last step went. */
  StepCost cost(StepReport step);

  /** Size of what the last step handed out to each worker. */
  long bytesBroadcast();

  /** Gives the executors free for other jobs, until the next step. */
  void rest();

  /** The end of the steps. */
  @Override
  void close();
}
