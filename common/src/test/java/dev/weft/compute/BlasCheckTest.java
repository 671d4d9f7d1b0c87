package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class BlasCheckTest {
  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  @Test
  void theLibraryOfThisBuildPasses() {
    assertThatCode(BlasCheck::run).doesNotThrowAnyException();
  }

  @Test
  void oneWrongNumberIsFound() {
    double[][] first = BlasCheck.numbers(75, 131, 1);
    double[][] second = BlasCheck.numbers(131, 69, 2);
    INDArray product = Nd4j.createFromArray(first).mmul(Nd4j.createFromArray(second));
    product.putScalar(74, 68, product.getDouble(74, 68) + 0.001);

    assertThatThrownBy(() -> BlasCheck.require(product, first, second, DataType.FLOAT))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.RESOURCE_MISSING))
        .hasMessageStartingWith(
            "Cannot compute on this machine: its matrix library multiplies wrongly (FLOAT numbers,"
                + " row 74, column 68: ")
        .hasMessageEndingWith(
            "OPENBLAS_CORETYPE=Haswell, which chooses code for older processors.");
  }
}
