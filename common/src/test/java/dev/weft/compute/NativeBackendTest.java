package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.net.URL;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.factory.Nd4jBackend;

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

  @Test
  void aGpuThatIsAskedForAndNotThereIsAPlainErrorAndNoFallBack() {
    NativeBackend.load();
    try {
      assertThatThrownBy(() -> NativeBackend.choose(ComputeBackend.CUDA))
          .isInstanceOfSatisfying(
              WeftException.class,
              e -> assertThat(e.exitCode()).isEqualTo(ExitCode.RESOURCE_MISSING))
          .hasMessageMatching(
              "Cannot compute on a GPU on \\S+, as compute.backend=cuda asks: ND4J runs in this"
                  + " process already, with CpuBackend .*\\. docs/gpu.md says what it takes; .*");
    } finally {
      NativeBackend.choose(ComputeBackend.AUTO);
    }
  }

  @Test
  void onlyTheBackendThatIsShownIsFound() {
    ClassLoader parent = getClass().getClassLoader();

    assertThat(ServiceLoader.load(Nd4jBackend.class, parent))
        .hasAtLeastOneElementOfType(Nd4jBackend.class);
    assertThat(
            ServiceLoader.load(
                Nd4jBackend.class,
                new SingleBackend(parent, "org.nd4j.linalg.cpu.nativecpu.CpuBackend")))
        .extracting(backend -> backend.getClass().getSimpleName())
        .containsExactly("CpuBackend");
    assertThatThrownBy(
            () ->
                ServiceLoader.load(Nd4jBackend.class, new SingleBackend(parent, "no.such.Backend"))
                    .iterator()
                    .next())
        .hasMessageContaining("Provider no.such.Backend not found");
  }
}
