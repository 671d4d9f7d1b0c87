package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeBackend;
import dev.weft.train.HeadArchitecture.Attention;
import dev.weft.train.HeadArchitecture.Combiner;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Gated;
import dev.weft.train.HeadArchitecture.Tirg;
import dev.weft.train.HeadArchitecture.Trainable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Every trainable head with the loss behind it, in float64, every parameter. */
class GradientTest {
  private static final int ROWS = 5;
  private static final int WIDTH = 4;
  private static final double SCALE = 3;
  private static final double STEP = 1e-5;

  private final int[] own = {0, 1, 2, 3, 4};
  private final INDArray images = UnitRows.matrix(ROWS, WIDTH, 1);
  private final INDArray texts = UnitRows.matrix(ROWS, WIDTH, 2);
  private final Candidates candidates = new Candidates(UnitRows.matrix(ROWS, WIDTH, 3), own);
  private final ContrastiveLoss loss = new ContrastiveLoss(DataType.DOUBLE);

  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  static Stream<Trainable> heads() {
    return Stream.of(
        new Gated(WIDTH, Gate.VECTOR),
        new Gated(WIDTH, Gate.SCALAR),
        new Combiner(WIDTH, 3, 6, 0),
        new Combiner(WIDTH, 3, 6, 0.4),
        new Attention(WIDTH, 2),
        new Attention(WIDTH, 4),
        new Tirg(WIDTH, 6));
  }

  @ParameterizedTest
  @MethodSource("heads")
  void gradientOfHeadAndLossMatchesCentralDifferences(Trainable architecture) {
    GraphHead head = GraphHead.build(architecture, DataType.DOUBLE);
    head.initialize(7);
    // Away from zero biases: a ReLU whose input is exactly zero has no derivative.
    head.parameters().addi(UnitRows.matrix(1, (int) head.parameters().length(), 8).ravel());

    INDArray gradient = head.backward(evaluate(head).gradient(), false).dup();

    assertThat(gradient.length()).isEqualTo(architecture.parameterCount());
    for (long i = 0; i < gradient.length(); i++) {
      double value = head.parameters().getDouble(i);
      head.parameters().putScalar(i, value + STEP);
      double above = evaluate(head).loss();
      head.parameters().putScalar(i, value - STEP);
      double below = evaluate(head).loss();
      head.parameters().putScalar(i, value);
      assertThat(gradient.getDouble(i))
          .as("dL/dparameter %d", i)
          .isCloseTo((above - below) / (2 * STEP), within(1e-8));
    }
  }

  @ParameterizedTest
  @MethodSource("heads")
  void thePreparedPassesAreThoseOfDl4j(Trainable architecture) {
    GraphHead head = GraphHead.build(architecture, DataType.DOUBLE);
    head.initialize(7);
    RowKeys keys = new RowKeys(5, 11, new int[] {3, 1, 4, 0, 2});
    List<INDArray> inputs = new ArrayList<>(List.of(images, texts));
    List<Integer> widths = architecture.dropoutWidths();
    for (int layer = 0; layer < widths.size(); layer++) {
      INDArray mask = Nd4j.create(DataType.DOUBLE, ROWS, widths.get(layer));
      keys.dropout(layer, architecture.dropout(), mask);
      inputs.add(mask);
    }
    INDArray further = UnitRows.matrix(ROWS, WIDTH, 9);

    ComputationGraph graph = head.graph();
    INDArray expected =
        graph.feedForward(inputs.toArray(INDArray[]::new), true, false).get("query").dup();
    INDArray expectedGradient = graph.backpropGradient(further).gradient().dup();
    INDArray queries = head.forward(images, texts, keys).dup();
    INDArray gradient = head.backward(further, false).dup();
    head.forward(images, texts, keys);
    INDArray twice = head.backward(further, true);

    assertThat(queries.sub(expected).amaxNumber().doubleValue()).isLessThan(1e-12);
    assertThat(gradient.sub(expectedGradient.ravel()).amaxNumber().doubleValue()).isLessThan(1e-12);
    assertThat(twice.sub(gradient.mul(2)).amaxNumber().doubleValue()).isLessThan(1e-12);
  }

  private ContrastiveLoss.Slice evaluate(GraphHead head) {
    INDArray queries = head.forward(images, texts, new RowKeys(5, 11, new int[] {3, 1, 4, 0, 2}));
    return loss.evaluate(
        new ContrastiveLoss.Rows(queries, own, List.of()),
        ContrastiveLoss.Step.plain(candidates, ROWS, SCALE));
  }
}
