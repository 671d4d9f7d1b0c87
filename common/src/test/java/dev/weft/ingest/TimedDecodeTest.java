package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class TimedDecodeTest {
  private static final RgbImage IMAGE = new RgbImage(1, 1, new byte[3]);

  private static void assertTooSlow(Callable<RgbImage> decode) {
    assertThatThrownBy(() -> TimedDecode.run(decode, 1))
        .isInstanceOfSatisfying(
            BadImageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.SLOW_IMAGE))
        .hasMessage("the file was not decoded within 1 s, which is ingest.image-timeout-seconds");
  }

  private static void awaitNoneLeftBehind() throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (TimedDecode.leftBehind() > 0) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(5);
    }
  }

  @Test
  void givesWhatWasDecoded() throws BadImageException {
    assertThat(TimedDecode.run(() -> IMAGE, 60)).isSameAs(IMAGE);
  }

  @Test
  void whatADecoderThrowsIsCorrupt() {
    Callable<RgbImage> failing =
        () -> {
          throw new ArrayIndexOutOfBoundsException(7);
        };
    for (ThrowingCallable decode :
        List.<ThrowingCallable>of(
            () -> TimedDecode.run(failing, 60), () -> TimedDecode.here(failing))) {
      assertThatThrownBy(decode)
          .isInstanceOfSatisfying(
              BadImageException.class, e -> assertThat(e.reason()).isEqualTo(Reason.CORRUPT_IMAGE))
          .hasMessageStartingWith("the file cannot be decoded: java.lang.ArrayIndexOutOfBounds");
    }
  }

  @Test
  void aDecoderThatReadsForEverIsEnded() throws InterruptedException {
    assertTooSlow(
        () -> {
          try (ByteArrayInput in = new ByteArrayInput(new byte[10])) {
            while (true) {
              in.seek(0);
              in.read();
            }
          }
        });
    awaitNoneLeftBehind();
  }

  @Test
  void ofThoseThatNeverEndOnlyFewAreLeftBehind() throws InterruptedException {
    CountDownLatch end = new CountDownLatch(1);
    Callable<RgbImage> hung =
        () -> {
          while (end.getCount() > 0) {
            Thread.interrupted(); // deaf to it
            LockSupport.parkNanos(1_000_000);
          }
          return IMAGE;
        };
    for (int i = 0; i < 5; i++) {
      assertTooSlow(hung);
    }
    assertThat(TimedDecode.leftBehind()).isEqualTo(5);

    for (ThrowingCallable another :
        List.<ThrowingCallable>of(
            () -> TimedDecode.run(() -> IMAGE, 1), () -> TimedDecode.here(() -> IMAGE))) {
      assertThatThrownBy(another)
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_LATER))
          .hasMessageStartingWith("Cannot decode images: 5 decodes in this process do not end")
          .hasMessageContaining("raise ingest.image-timeout-seconds");
    }

    end.countDown();
    awaitNoneLeftBehind();
    assertRuns();
  }

  private static void assertRuns() {
    try {
      assertThat(TimedDecode.run(() -> IMAGE, 60)).isSameAs(IMAGE);
    } catch (BadImageException e) {
      throw new AssertionError(e);
    }
  }
}
