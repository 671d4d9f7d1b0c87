package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
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

  @Test
  void theMatrixLibraryOfThisBuildComesBeforeTheOneOfNd4j() throws Exception {
    List<URL> found =
        Collections.list(
            getClass()
                .getClassLoader()
                .getResources("org/bytedeco/openblas/linux-x86_64/libopenblas.so.0"));
    assumeTrue(found.size() > 1, "this class path was not made by Maven: it has ND4J's alone");

    assertThat(found.get(0).toString()).doesNotContain("0.3.19");
    assertThat(found.get(1).toString()).contains("0.3.19");
  }
}
