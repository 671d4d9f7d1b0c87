package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.NativeBackend;
import dev.weft.jobs.LocalSpark;
import dev.weft.train.Batches;
import dev.weft.train.HeadArchitecture;
import dev.weft.train.Objective;
import dev.weft.train.PartialStep;
import dev.weft.train.Reduction;
import dev.weft.train.StepRequest;
import dev.weft.train.TripletTable;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What becomes of a shift that goes wrong; {@link StepJobsTest} has those that go well. */
class ServedStepsTest {
  private static final CountDownLatch BUSY = new CountDownLatch(1);
  private static final HeadArchitecture.Trainable HEAD =
      new HeadArchitecture.Gated(2, HeadArchitecture.Gate.SCALAR);
  private static final Objective OBJECTIVE =
      new Objective(Objective.Direction.QUERY_TO_TARGET, false, 0, 0, 0);

  private static JavaSparkContext spark;
  private static Broadcast<byte[]> vectors;

  @BeforeAll
  static void start() {
    NativeBackend.load();
    spark = new JavaSparkContext(LocalSpark.session().sparkContext());
    int[] rows = {0, 1, 2, 3};
    float[] values = {1, 0, 0, 1, -1, 0, 0, -1};
    vectors = spark.broadcast(new TripletTable(2, 1, values, values, rows, rows, rows).toBytes());
  }

  @AfterAll
  static void forget() {
    vectors.destroy();
  }

  private static DistributedSteps steps(Duration patience) {
    StepSetup setup =
        new StepSetup("shift " + patience, vectors, HEAD, new Batches(1, 4, 4), OBJECTIVE, 2);
    return DistributedSteps.of(
        spark, setup, Reduction.SERVER, patience, request -> "step " + request.step());
  }

  private static StepRequest request(long step, long parameters) {
    return new StepRequest(step, 0, 0, new byte[(int) parameters * Float.BYTES], 20);
  }

  private static List<Integer> rows(List<PartialStep> slices) {
    return slices.stream().map(PartialStep::rows).toList();
  }

  @Test
  void aSliceThatFailsIsSaidWithItsCauseAndPlaceAndStepsGoOn() {
    try (DistributedSteps steps = steps(Duration.ofMinutes(1))) {
      assertThat(rows(steps.compute(request(0, HEAD.parameterCount())))).containsExactly(2, 2);

      assertThatThrownBy(() -> steps.compute(request(1, 1)))
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BUG))
          .hasMessageMatching(
              "Cannot go on training: step 1 of the gated head failed \\d times, first in"
                  + " partition [01] on executor driver on \\S+: java\\.\\S+Exception.* The last"
                  + " checkpoint is still there: .*");

      assertThat(rows(steps.compute(request(2, HEAD.parameterCount())))).containsExactly(2, 2);
    }
  }

  @Test
  void aStepThatNobodyTakesIsGivenUp() {
    JavaFutureAction<Void> others =
        spark
            .parallelize(IntStream.range(0, 2).boxed().toList(), 2)
            .foreachAsync(slot -> BUSY.await());
    try (DistributedSteps steps = steps(Duration.ofSeconds(1))) {
      assertThatThrownBy(() -> steps.compute(request(0, HEAD.parameterCount())))
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_LATER))
          .hasMessageContaining(
              "step 0 of the gated head has not ended within train.step-timeout-seconds (1), no"
                  + " executor has taken a task of it.");
      BUSY.countDown();
      assertThat(rows(steps.compute(request(0, HEAD.parameterCount())))).containsExactly(2, 2);
    } finally {
      BUSY.countDown();
      others.cancel(true);
    }
  }

  @Test
  void aSessionWithoutThePluginIsRefused() {
    StepSetup setup = new StepSetup("none", vectors, HEAD, new Batches(1, 4, 4), OBJECTIVE, 2);
    JavaSparkContext bare =
        new JavaSparkContext(spark.sc()) {
          @Override
          public SparkConf getConf() {
            return new SparkConf(false).set("spark.plugins", "dev.weft.Other");
          }
        };

    assertThatThrownBy(
            () ->
                DistributedSteps.of(
                    bare, setup, Reduction.SERVER, Duration.ofMinutes(1), request -> "step"))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessage(
            "Cannot train with train.reduce=server: the tasks ask the driver by way of"
                + " dev.weft.jobs.WeftPlugin, which spark.plugins (dev.weft.Other) does not name."
                + " Add it there before the session is opened, or set train.reduce=auto.");
    assertThat(
            DistributedSteps.of(
                    bare, setup, Reduction.AUTO, Duration.ofMinutes(1), request -> "step")
                .reduction())
        .isEqualTo(Reduction.DRIVER);
  }
}
