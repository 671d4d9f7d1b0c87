package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class BatchesTest {
  @Test
  void theLastShortBatchIsKept() {
    Batches batches = new Batches(1, 10, 4);

    assertThat(batches.stepsPerEpoch()).isEqualTo(3);
    assertThat(batches.rows(0, 2)).hasSize(2);
  }

  @Test
  void epochsAndSeedsHaveTheirOwnOrder() {
    int[] first = new Batches(1, 1000, 1000).rows(0, 0);

    assertThat(new Batches(1, 1000, 1000).rows(0, 0)).isEqualTo(first);
    assertThat(inPlace(first, new Batches(1, 1000, 1000).rows(1, 0))).isLessThan(10);
    assertThat(inPlace(first, new Batches(2, 1000, 1000).rows(0, 0))).isLessThan(10);
    assertThat(inPlace(first, Arrays.stream(first).sorted().toArray())).isLessThan(10);
  }

  @Test
  void aStepBehindTheEpochIsRefused() {
    assertThatThrownBy(() -> new Batches(1, 10, 4).rows(0, 3))
        .hasMessage("step 3 is not within 0..2");
  }

  private static long inPlace(int[] first, int[] second) {
    long same = 0;
    for (int i = 0; i < first.length; i++) {
      same += first[i] == second[i] ? 1 : 0;
    }
    return same;
  }
}
