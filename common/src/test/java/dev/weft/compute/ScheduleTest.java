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
  void cosineFallsToZeroAtTheEnd() {
    Schedule schedule = new Schedule(Course.COSINE, 0.1, 0, 100);

    assertThat(schedule.learningRate(0)).isEqualTo(0.1);
    assertThat(schedule.learningRate(50)).isCloseTo(0.05, within(1e-15));
    assertThat(schedule.learningRate(100)).isCloseTo(0, within(1e-15));
  }
}
