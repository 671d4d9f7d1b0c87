package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;

class WorkersTest {
  @Test
  void everyPieceIsDoneOnce() {
    try (Workers workers = new Workers(3)) {
      AtomicIntegerArray done = new AtomicIntegerArray(500);
      workers.run(500, (worker, piece) -> done.incrementAndGet(piece));
      for (int piece = 0; piece < 500; piece++) {
        assertThat(done.get(piece)).isEqualTo(1);
      }
    }
  }

  @Test
  void aFailureReachesWhoAsked() {
    try (Workers workers = new Workers(2)) {
      assertThatThrownBy(
              () ->
                  workers.run(
                      50,
                      (worker, piece) -> {
                        if (piece == 7) {
                          throw new IllegalStateException("piece seven");
                        }
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("piece seven");
    }
    assertThatThrownBy(() -> new Workers(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one worker, not 0");
  }
}
