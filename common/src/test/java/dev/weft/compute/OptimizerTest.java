package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class OptimizerTest {

  @BeforeAll
  static void load() {
    NativeBackend.load();
  }

  @Test
  void stepsAreThoseOfAdam() {
    INDArray parameters = Nd4j.createFromArray(new float[] {1, -1});
    Optimizer optimizer = new Optimizer(Nd4j.zeros(DataType.FLOAT, 1, 4), 0, 0, 0);
    double[] expected = {1, -1};
    double[] m = new double[2];
    double[] v = new double[2];
    for (int step = 0; step < 3; step++) {
      double[] gradient = {0.5 + step, -0.1 * step};
      for (int i = 0; i < 2; i++) {
        m[i] = 0.9 * m[i] + 0.1 * gradient[i];
        v[i] = 0.999 * v[i] + 0.001 * gradient[i] * gradient[i];
        double mean = m[i] / (1 - Math.pow(0.9, step + 1));
        double square = v[i] / (1 - Math.pow(0.999, step + 1));
        expected[i] -= 0.01 * mean / (Math.sqrt(square) + 1e-8);
      }
      optimizer.step(
          parameters,
          Nd4j.createFromArray(new float[] {(float) gradient[0], (float) gradient[1]}),
          0,
          0.01,
          step);
    }

    assertThat(parameters.toDoubleVector()).containsExactly(expected, within(1e-5));
  }

  @Test
  void aLongGradientIsShortened() {
    INDArray gradient = Nd4j.createFromArray(new float[] {3, 4});
    Optimizer clipped = new Optimizer(Nd4j.zeros(DataType.FLOAT, 1, 4), 0, 0, 1);
    clipped.step(Nd4j.zeros(DataType.FLOAT, 2), gradient, 5, 0.01, 0);

    // The first moment is a tenth of the clipped gradient (0.6, 0.8).
    assertThat(clipped.state().toDoubleVector()[0]).isCloseTo(0.06, within(1e-6));
    assertThat(clipped.state().toDoubleVector()[1]).isCloseTo(0.08, within(1e-6));
  }
}
