package dev.weft.align;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeBackend;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class UnitRowsTest {

  @BeforeAll
  static void load() {
    NativeBackend.load();
  }

  @Test
  void rowsHaveUnitLength() {
    UnitRows unit = UnitRows.of(Nd4j.createFromArray(new double[][] {{3, 4}, {0, -2}}));

    assertThat(unit.vectors().toDoubleMatrix()[0])
        .containsExactly(new double[] {0.6, 0.8}, within(1e-9));
    assertThat(unit.vectors().toDoubleMatrix()[1])
        .containsExactly(new double[] {0, -1}, within(1e-9));
  }

  @Test
  void theGradientIsThatOfCentralDifferences() {
    INDArray raw = Nd4j.createFromArray(new double[][] {{3, 4, 1}, {0.2, -2, 0.7}});
    INDArray weights = Nd4j.createFromArray(new double[][] {{1, -1, 2}, {0.5, 3, -1}});
    INDArray gradient = UnitRows.of(raw).backward(weights.dup());
    double step = 1e-6;

    for (int i = 0; i < raw.length(); i++) {
      double value = raw.getDouble(i);
      raw.putScalar(i, value + step);
      double above = UnitRows.of(raw).vectors().mul(weights).sumNumber().doubleValue();
      raw.putScalar(i, value - step);
      double below = UnitRows.of(raw).vectors().mul(weights).sumNumber().doubleValue();
      raw.putScalar(i, value);
      assertThat(gradient.getDouble(i)).isCloseTo((above - below) / (2 * step), within(1e-8));
    }
  }
}
