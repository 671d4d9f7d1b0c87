package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.compute.NativeBackend.Description;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;

class LogitPassesTest {
  private static final Description CPU = new Description("CpuBackend", "avx2", "OPENBLAS", 2);
  private static final Description CUDA = new Description("JCublasBackend", "cuda", "CUBLAS", 1);

  @Test
  void theVectorPassesAreForFloatsInMainMemoryOnly() {
    assertThat(LogitPasses.of(DataType.FLOAT, CPU)).isInstanceOf(VectorLogitPasses.class);
    assertThat(LogitPasses.of(DataType.DOUBLE, CPU)).isInstanceOf(Nd4jLogitPasses.class);
    assertThat(LogitPasses.of(DataType.FLOAT, CUDA)).isInstanceOf(Nd4jLogitPasses.class);
  }
}
