package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class RowTeamTest {
  @ParameterizedTest
  @CsvSource({"1, 100", "2, 0", "2, 1", "2, 2", "3, 1000", "8, 7"})
  void everyRowIsDoneOnceBeforeTheCallReturns(int threads, int rows) {
    RowTeam team = new RowTeam(threads);
    AtomicIntegerArray done = new AtomicIntegerArray(rows);
    for (int call = 0; call < 500; call++) {
      team.forEach(rows, done::incrementAndGet);
      int calls = call + 1;
      assertThat(IntStream.range(0, rows).allMatch(row -> done.get(row) == calls)).isTrue();
    }
  }

  @Test
  void helpersThatSleepAreWoken() throws InterruptedException {
    RowTeam team = new RowTeam(2);
    for (int call = 0; call < 20; call++) {
      TimeUnit.MILLISECONDS.sleep(2); // longer than they stay awake
      CountDownLatch together = new CountDownLatch(2); // so each row needs a thread of its own
      team.forEach(2, row -> meet(together));
    }
  }

  @Test
  void aCallFromWithinARowAndOneFromAnotherThreadDoTheirRowsThemselves() {
    RowTeam team = new RowTeam(2);
    AtomicIntegerArray done = new AtomicIntegerArray(1);
    team.forEach(
        4,
        row -> {
          team.forEach(10, inner -> done.incrementAndGet(0));
          Thread other = new Thread(() -> team.forEach(10, inner -> done.incrementAndGet(0)));
          other.start();
          join(other);
        });
    assertThat(done.get(0)).isEqualTo(80);
  }

  @Test
  void theExceptionOfARowEndsTheCallAndNotTheTeam() {
    RowTeam team = new RowTeam(2);
    AtomicIntegerArray done = new AtomicIntegerArray(1);
    for (int call = 0; call < 50; call++) {
      assertThatThrownBy(
              () ->
                  team.forEach(
                      64,
                      row -> {
                        if (row == 40) {
                          throw new IllegalStateException("row " + row);
                        }
                      }))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("row 40");
    }
    team.forEach(64, row -> done.incrementAndGet(0));
    assertThat(done.get(0)).isEqualTo(64);
  }

  private static void meet(CountDownLatch together) {
    together.countDown();
    try {
      together.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
