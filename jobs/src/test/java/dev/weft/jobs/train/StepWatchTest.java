package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.LocalSpark;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StepWatchTest {
  private static final CountDownLatch NEVER = new CountDownLatch(1);

  private static JavaSparkContext spark;

  @BeforeAll
  static void start() {
    spark = new JavaSparkContext(LocalSpark.session().sparkContext());
  }

  private static List<Integer> run(StepWatch watch, String what, int failing, boolean stuck) {
    return watch.guard(
        what,
        () ->
            spark
                .parallelize(List.of(0, 1), 2)
                .map(
                    slice -> {
                      if (slice == failing && stuck) {
                        NEVER.await();
                      }
                      if (slice == failing) {
                        throw new ArithmeticException("slice " + slice + " cannot be computed");
                      }
                      return slice;
                    })
                .collect());
  }

  @Test
  void aTaskThatHangsIsNamedAndTheNextJobRuns() {
    StepWatch watch = new StepWatch(spark.sc(), Duration.ofSeconds(1));
    run(new StepWatch(spark.sc(), Duration.ofMinutes(1)), "the first job", -1, /* stuck= */ false);
    long start = System.nanoTime();
    try {
      assertThatThrownBy(() -> run(watch, "step 3 of the gated head", 1, /* stuck= */ true))
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_LATER))
          .hasMessageMatching(
              "Cannot go on training: step 3 of the gated head has not ended within"
                  + " train\\.step-timeout-seconds \\(1\\), still running: partition 1 on executor"
                  + " driver on \\S+ for \\d+ s\\. Look at what that process does \\(jstack\\)"
                  + " .* it goes on from the last checkpoint\\.");
      assertThat(System.nanoTime() - start).isLessThan(Duration.ofSeconds(20).toNanos());
    } finally {
      NEVER.countDown();
    }
    assertThat(run(watch, "step 4", -1, /* stuck= */ false)).containsExactly(0, 1);
  }

  @Test
  void aTaskThatFailsIsSaidWithItsCauseAndPlace() {
    StepWatch watch = new StepWatch(spark.sc(), Duration.ofMinutes(1));

    assertThatThrownBy(() -> run(watch, "step 5 of the tirg head", 0, /* stuck= */ false))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BUG))
        .hasMessageMatching(
            "Cannot go on training: step 5 of the tirg head failed 1 times, first in partition 0 on"
                + " executor driver on \\S+: java\\.lang\\.ArithmeticException: slice 0 cannot"
                + " be computed\\. The last checkpoint is still there: .*");
  }
}
