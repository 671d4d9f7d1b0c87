package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.Schedule.Course;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  @Test
  void warmUpRisesLinearlyToThePeak() {
    Schedule schedule = new Schedule(Course.CONSTANT, 0.1, 4, 100);

    assertThat(schedule.learningRate(0)).isCloseTo(0.025, within(1e-15));
    assertThat(schedule.learningRate(3)).isCloseTo(0.1, within(1e-15));
    assertThat(schedule.learningRate(99)).isEqualTo(0.1);
  }

  @Test
  void oneCycleIsThatOfPyTorch() {
    Schedule schedule = new Schedule(Course.ONE_CYCLE, 0.1, 4, 11);

    // torch.optim.lr_scheduler.OneCycleLR(adam, max_lr=0.1, total_steps=11, pct_start=5/11)
    assertThat(schedule.learningRate(0)).isCloseTo(0.004, within(1e-12));
    assertThat(schedule.learningRate(2)).isCloseTo(0.052, within(1e-12));
    assertThat(schedule.learningRate(4)).isCloseTo(0.1, within(1e-12));
    assertThat(schedule.learningRate(7)).isCloseTo(0.0500002, within(1e-12));
    assertThat(schedule.learningRate(10)).isCloseTo(4e-7, within(1e-15));
  }

  @Test
  void cosineFallsToZeroAtTheEnd() {
    Schedule schedule = new Schedule(Course.COSINE, 0.1, 0, 100);

    assertThat(schedule.learningRate(0)).isEqualTo(0.1);
    assertThat(schedule.learningRate(50)).isCloseTo(0.05, within(1e-15));
    assertThat(schedule.learningRate(100)).isCloseTo(0, within(1e-15));
  }
}
