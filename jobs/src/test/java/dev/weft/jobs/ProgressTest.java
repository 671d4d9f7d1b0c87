package dev.weft.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final AtomicLong nanos = new AtomicLong();

  private Progress progress(boolean terminal) {
    return new Progress(new PrintStream(bytes, true, UTF_8), terminal, nanos::get);
  }

  private void after(Duration duration) {
    nanos.addAndGet(duration.toNanos());
  }

  @Test
  void aFileGetsPlainLinesTenSecondsApart() {
    Progress progress = progress(false);
    progress.begin("encode images", 400);
    for (int i = 1; i <= 100; i++) {
      after(Duration.ofMillis(250));
      progress.at(i, "");
    }

    assertThat(bytes.toString(UTF_8).lines())
        .containsExactly(
            "  encode images 40/400 (10%), 1 min 30 s left",
            "  encode images 80/400 (20%), 1 min 20 s left");
  }

  @Test
  void aTerminalGetsOneLineThatRedrawsItself() {
    Progress progress = progress(true);
    progress.begin("train", 4);
    after(Duration.ofSeconds(1));
    progress.at(1, "loss 2.5");
    progress.end();

    assertThat(bytes.toString(UTF_8))
        .isEqualTo(
            "\r  train [======                  ] 1/4 (25%), 3 s left, loss 2.5\u001b[K\r\u001b[K");
  }

  @Test
  void durationsReadAsPeopleSayThem() {
    assertThat(Progress.duration(8.4)).isEqualTo("8 s");
    assertThat(Progress.duration(200)).isEqualTo("3 min 20 s");
    assertThat(Progress.duration(7500)).isEqualTo("2 h 5 min");
  }
}
