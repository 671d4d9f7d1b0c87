package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class OptimizerTest {
  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  @Test
  void stepsAreThoseOfAdamWithDecoupledDecay() {
    INDArray parameters = Nd4j.createFromArray(1.0, -2.0, 0.5);
    Optimizer optimizer =
        new Optimizer(
            Nd4j.zeros(parameters.dataType(), 6), 0.1, List.of(new Optimizer.Span(0, 2)), 0);
    double[] expected = {1, -2, 0.5};
    double[] first = new double[3];
    double[] second = new double[3];

    for (int step = 0; step < 5; step++) {
      double[] gradient = {0.3 - step, 0.01 * step, -4};
      double learningRate = 0.01 / (step + 1);
      for (int i = 0; i < 3; i++) {
        expected[i] *= i < 2 ? 1 - learningRate * 0.1 : 1;
        first[i] = 0.9 * first[i] + 0.1 * gradient[i];
        second[i] = 0.999 * second[i] + 0.001 * gradient[i] * gradient[i];
        // The form at the end of section 2 of the paper: epsilon is added before the correction.
        double corrected =
            learningRate * Math.sqrt(1 - Math.pow(0.999, step + 1)) / (1 - Math.pow(0.9, step + 1));
        expected[i] -= corrected * first[i] / (Math.sqrt(second[i]) + 1e-8);
      }
      optimizer.step(parameters, Nd4j.createFromArray(gradient), 1, learningRate, step);
    }

    for (int i = 0; i < 3; i++) {
      assertThat(parameters.getDouble(i)).isCloseTo(expected[i], within(1e-8));
      assertThat(optimizer.state().getDouble(i)).isCloseTo(first[i], within(1e-12));
      assertThat(optimizer.state().getDouble(3 + i)).isCloseTo(second[i], within(1e-12));
    }
  }

  @Test
  void aLongGradientIsShortenedToTheLimit() {
    INDArray state = Nd4j.zeros(DataType.DOUBLE, 4);
    Optimizer optimizer = new Optimizer(state, 0, List.of(), 1);

    optimizer.step(Nd4j.createFromArray(0.0, 0.0), Nd4j.createFromArray(3.0, 4.0), 5, 0.1, 0);

    assertThat(state.getDouble(0)).isCloseTo(0.1 * 3 / 5, within(1e-12));
    assertThat(state.getDouble(1)).isCloseTo(0.1 * 4 / 5, within(1e-12));
  }
}
