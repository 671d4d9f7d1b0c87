package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;

class NativeBackendTest {

  @Test
  void startsTheFastestVariantAndSaysWhatRuns() throws Exception {
    NativeBackend.Description running = NativeBackend.load();

    boolean avx2 = Files.readString(Path.of("/proc/cpuinfo")).contains(" avx2");
    assertThat(running.variant()).isEqualTo(avx2 ? "avx2" : "plain");
    assertThat(running.threads()).isPositive();
    assertThat(running.blas()).isEqualTo("OPENBLAS");
    assertThat(Nd4j.ones(2, 2).mmul(Nd4j.ones(2, 2)).sumNumber().doubleValue()).isEqualTo(8);
    assertThat(NativeBackend.load()).isSameAs(running);
  }
}
