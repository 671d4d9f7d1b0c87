package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.store.StoreFaults.Tally;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scenarios of {@link StoreFaults}, as many as a build has time for. */
class StoreFaultsTest {
  private static final int DRAWN = 500;

  @TempDir Path root;

  @AfterEach
  void heal() {
    FaultFileSystem.reset(false);
    FaultFileSystem.clear();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void everyFaultAtEveryMomentLosesNothing(boolean likeS3) throws Exception {
    Tally tally = StoreFaults.everyMoment(likeS3, 2);

    int moments = StoreFaults.moments(likeS3);
    assertThat(moments).isGreaterThan(20);
    assertThat(tally.scenarios()).isEqualTo(2L * 3 * moments);
    // A writer whose twin was faster has fewer moments at which it can be killed.
    assertThat(tally.killed()).isBetween(2L * moments, 3L * moments);
    assertThat(tally.failed()).isPositive();
    assertThat(tally.orphans()).isPositive();
  }

  @Test
  void drawnSchedulesLoseNothing() throws Exception {
    Tally tally = Tally.NONE;
    for (int seed = 0; seed < DRAWN; seed++) {
      tally = tally.plus(StoreFaults.drawn(seed));
    }

    assertThat(tally.scenarios()).isEqualTo(DRAWN);
    assertThat(tally.committed()).isPositive();
    assertThat(tally.killed()).isPositive();
    assertThat(tally.orphans()).isPositive();
  }

  @Test
  void readersNeverSeeAnErrorOrAMixture() throws Exception {
    assertThat(StoreFaults.readers(root, 4, 20, 400)).isGreaterThanOrEqualTo(400);
  }

  @Test
  void aFlippedBitIsFoundInEveryFile() throws Exception {
    assertThat(StoreFaults.flippedBits(root, 1, 100)).isGreaterThan(10);
  }
}
