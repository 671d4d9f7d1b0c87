package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ScheduleTest {

  @Test
  void risesLinearlyThenFallsAlongHalfACosine() {
    Schedule schedule = new Schedule(Schedule.Course.COSINE, 0.8, 4, 14);

    assertThat(schedule.learningRate(0)).isCloseTo(0.2, within(1e-12));
    assertThat(schedule.learningRate(3)).isCloseTo(0.8, within(1e-12));
    assertThat(schedule.learningRate(4)).isCloseTo(0.8, within(1e-12));
    assertThat(schedule.learningRate(9)).isCloseTo(0.4, within(1e-12));
    assertThat(schedule.learningRate(14)).isCloseTo(0, within(1e-12));
  }

  @Test
  void constantStaysAtThePeak() {
    assertThat(new Schedule(Schedule.Course.CONSTANT, 0.8, 0, 10).learningRate(9)).isEqualTo(0.8);
  }
}
