package dev.weft.jobs.align;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.align.AlignConfig;
import dev.weft.jobs.PipelineConfig;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;

class BroadcastRowsTest {
  private static final long LARGE_HEAP = 64L << 30;
  private static final AlignConfig CONFIG =
      PipelineConfig.bind(PipelineConfig.defaults(), "test").align();

  @Test
  void whatFitsIsTheLargestNumberThatTheMessageNames() {
    // a row of 64 x 64 pixels: 12,288 bytes, and 1,536 for a description of its own
    assertThatThrownBy(() -> BroadcastRows.requireFit(CONFIG, 200_000, 200_000, LARGE_HEAP))
        .isInstanceOfSatisfying(
            WeftException.class,
            e -> Assertions.assertThat(e.exitCode()).isEqualTo(ExitCode.RESOURCE_MISSING))
        .hasMessageContaining("200000 training images of 64 x 64 pixels")
        .hasMessageContaining("take 2764 MB in every executor, and the limit is 1500 MB")
        .hasMessageContaining("Set align.max-images=108506 or lower");
    assertThatCode(() -> BroadcastRows.requireFit(CONFIG, 108_506, 108_506, LARGE_HEAP))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> BroadcastRows.requireFit(CONFIG, 108_507, 108_507, LARGE_HEAP))
        .hasMessageContaining("Cannot align");
  }

  @Test
  void aSmallDriverHoldsLess() {
    assertThatThrownBy(() -> BroadcastRows.requireFit(CONFIG, 108_506, 108_506, 1L << 30))
        .hasMessageContaining("the limit is 536 MB");
  }
}
