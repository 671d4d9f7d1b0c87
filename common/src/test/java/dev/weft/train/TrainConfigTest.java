package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.compute.Schedule;
import dev.weft.config.ConfigException;
import dev.weft.encode.CaptionForm;
import dev.weft.train.HeadArchitecture.Combiner;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Mix;
import dev.weft.train.HeadArchitecture.Preset;
import java.util.List;
import org.junit.jupiter.api.Test;

class TrainConfigTest {
  @Test
  void theSizeOfTheCombinerIsOneSetting() {
    assertThat(config(512, 0.001, 2).trainable(HeadKind.COMBINER, 640))
        .isEqualTo(new Combiner(640, 2560, 5120, 0.5));
  }

  @Test
  void everyValueOutOfRangeIsReportedAtOnce() {
    assertThatThrownBy(() -> config(1, 2, 0))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("3 problems")
        .hasMessageContaining(
            "train.batch-size must be at least 2: the other rows are the negatives, found '1'")
        .hasMessageContaining("train.learning-rate must be above 0 and below 1, found '2.0'")
        .hasMessageContaining("train.tirg-hidden must be above 0, found '0.0'");
  }

  @Test
  void localStepsLeaveNoWayToCompareATargetWithAllQueries() {
    assertThatThrownBy(() -> config(Sync.LOCAL, Objective.Direction.SYMMETRIC))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "train.sync must be every-step for train.direction symmetric: a target is compared with the"
                + " queries of all partitions, found 'local'");
    assertThat(config(Sync.LOCAL, Objective.Direction.QUERY_TO_TARGET).localSteps()).isEqualTo(1);
  }

  private static TrainConfig config(int batchSize, double learningRate, double tirgHidden) {
    return config(
        batchSize, learningRate, tirgHidden, Sync.EVERY_STEP, Objective.Direction.QUERY_TO_TARGET);
  }

  private static TrainConfig config(Sync sync, Objective.Direction direction) {
    return config(64, 0.1, 1, sync, direction);
  }

  private static TrainConfig config(
      int batchSize,
      double learningRate,
      double tirgHidden,
      Sync sync,
      Objective.Direction direction) {
    return new TrainConfig(
        List.of(HeadKind.COMBINER),
        Gate.VECTOR,
        Mix.LINEAR,
        Preset.FULL,
        8,
        tirgHidden,
        1,
        batchSize,
        learningRate,
        Schedule.Course.CONSTANT,
        0,
        0,
        0,
        100,
        false,
        100,
        direction,
        false,
        0,
        0,
        0,
        List.of(CaptionForm.FIRST_AND_SECOND),
        0,
        sync,
        1,
        Reduction.AUTO,
        1);
  }
}
