package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeBackend;
import dev.weft.train.ContrastiveLoss.OwnNegatives;
import dev.weft.train.ContrastiveLoss.Rows;
import dev.weft.train.ContrastiveLoss.Slice;
import dev.weft.train.ContrastiveLoss.Step;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ContrastiveLossTest {
  private static final double STEP = 1e-5;
  private static final int WIDTH = 6;

  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  @Test
  void equalRowsGiveTheLogOfTheBatchSize() {
    INDArray rows = Nd4j.ones(DataType.DOUBLE, 8, WIDTH).muli(1 / Math.sqrt(WIDTH));

    Slice slice =
        new ContrastiveLoss(DataType.DOUBLE)
            .evaluate(
                new Rows(rows, numbers(0, 8), List.of()),
                Step.plain(new Candidates(rows, numbers(0, 8)), 8, 50));

    assertThat(slice.loss()).isCloseTo(Math.log(8), within(1e-12));
    assertThat(slice.scaleGradient()).isCloseTo(0, within(1e-12));
  }

  /** Every term of the loss by itself, and all together. */
  static Stream<Arguments> settings() {
    return Stream.of(
        Arguments.of(false, false, false, 0.0),
        Arguments.of(true, false, false, 0.0),
        Arguments.of(false, true, false, 0.0),
        Arguments.of(false, false, true, 0.0),
        Arguments.of(false, false, false, 0.1),
        Arguments.of(true, true, true, 0.2),
        Arguments.of(false, true, true, 0.2));
  }

  @ParameterizedTest
  @MethodSource("settings")
  void lossAndGradientsAreThoseOfTheFormula(
      boolean symmetric, boolean ownNegatives, boolean memory, double smoothing) {
    INDArray queries = UnitRows.matrix(4, WIDTH, 1);
    // 1 and 3 show one image, as do 0 and 5; candidates 4 and 5 are negatives of all rows.
    int size = memory ? 6 : 4;
    int[] images = Arrays.copyOf(new int[] {10, 11, 12, 11, 13, 10}, size);
    Candidates candidates = new Candidates(UnitRows.matrix(size, WIDTH, 2), images);
    // Row 2 is shown its own target, row 1 has only one negative.
    List<OwnNegatives> own =
        ownNegatives
            ? List.of(
                new OwnNegatives(UnitRows.matrix(4, WIDTH, 3), new int[] {20, 21, 12, 23}),
                new OwnNegatives(UnitRows.matrix(4, WIDTH, 4), new int[] {30, -1, 31, 10}))
            : List.of();
    Problem problem = new Problem(candidates, own, symmetric, smoothing);

    Slice slice = problem.evaluate(queries, 5);
    INDArray gradient = slice.gradient().dup();
    double scaleGradient = slice.scaleGradient();

    assertThat(slice.loss()).isCloseTo(problem.expected(queries, 5), within(1e-12));
    for (int row = 0; row < 4; row++) {
      for (int column = 0; column < WIDTH; column++) {
        INDArray above = queries.dup();
        above.putScalar(row, column, queries.getDouble(row, column) + STEP);
        INDArray below = queries.dup();
        below.putScalar(row, column, queries.getDouble(row, column) - STEP);
        double difference = problem.expected(above, 5) - problem.expected(below, 5);
        assertThat(gradient.getDouble(row, column))
            .as("dL/dq[%d,%d]", row, column)
            .isCloseTo(difference / (2 * STEP), within(1e-9));
      }
    }
    double difference = problem.expected(queries, 5 + STEP) - problem.expected(queries, 5 - STEP);
    assertThat(scaleGradient).isCloseTo(difference / (2 * STEP), within(1e-9));
  }

  /** A loss with everything but the queries and the scale. */
  private record Problem(
      Candidates candidates, List<OwnNegatives> own, boolean symmetric, double smoothing) {
    Slice evaluate(INDArray queries, double scale) {
      return loss().evaluate(rows(queries), step(queries, scale));
    }

    double expected(INDArray queries, double scale) {
      return TextbookLoss.of(queries, step(queries, scale), own);
    }

    private ContrastiveLoss loss() {
      return new ContrastiveLoss(candidates.vectors().dataType());
    }

    private Rows rows(INDArray queries) {
      return new Rows(queries, numbers(0, (int) queries.size(0)), own);
    }

    private Step step(INDArray queries, double scale) {
      int rows = (int) queries.size(0);
      double[] columns = new double[symmetric ? rows : 0];
      Arrays.fill(columns, Double.NEGATIVE_INFINITY);
      if (symmetric) {
        loss().addToColumns(rows(queries), candidates, scale, columns);
      }
      return new Step(candidates, rows, scale, columns, smoothing);
    }
  }

  @Test
  void aCandidateOfTheSameImageIsNoNegative() {
    INDArray query = UnitRows.matrix(1, WIDTH, 1);
    INDArray targets = UnitRows.matrix(3, WIDTH, 2);
    INDArray repeated = Nd4j.vstack(targets, UnitRows.matrix(1, WIDTH, 3));
    Rows row = new Rows(query, new int[] {1}, List.of());

    double alone = loss(row, new Candidates(targets, numbers(0, 3)));
    double masked = loss(row, new Candidates(repeated, new int[] {0, 1, 2, 1}));
    double other = loss(row, new Candidates(repeated, new int[] {0, 1, 2, 3}));

    assertThat(masked).isCloseTo(alone, within(1e-12));
    assertThat(other).isGreaterThan(alone);
  }

  @Test
  void anOwnNegativeThatIsTheTargetIsNoNegative() {
    INDArray queries = UnitRows.matrix(3, WIDTH, 1);
    INDArray targets = UnitRows.matrix(3, WIDTH, 2);
    Candidates candidates = new Candidates(targets, numbers(0, 3));

    double without = loss(new Rows(queries, numbers(0, 3), List.of()), candidates);
    double same =
        loss(
            new Rows(queries, numbers(0, 3), List.of(new OwnNegatives(targets, numbers(0, 3)))),
            candidates);
    double other =
        loss(
            new Rows(queries, numbers(0, 3), List.of(new OwnNegatives(targets, numbers(5, 3)))),
            candidates);

    assertThat(same).isEqualTo(without);
    assertThat(other).isGreaterThan(without);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void partsOfAnySizeAddUpToTheWhole(boolean symmetric) {
    int rows = 37;
    INDArray queries = UnitRows.matrix(rows, WIDTH, 1);
    int[] images = numbers(0, rows);
    images[20] = images[3];
    Candidates candidates = new Candidates(UnitRows.matrix(rows, WIDTH, 2), images);
    Problem problem = new Problem(candidates, List.of(), symmetric, 0.1);
    Slice whole = problem.evaluate(queries, 30);
    INDArray gradient = whole.gradient().dup();
    int[][] parts = {{0, 3}, {3, 20}, {20, 37}};
    ContrastiveLoss loss = new ContrastiveLoss(DataType.DOUBLE);

    double[] columns = new double[symmetric ? rows : 0];
    Arrays.fill(columns, Double.NEGATIVE_INFINITY);
    for (int[] part : symmetric ? parts : new int[0][]) {
      loss.addToColumns(part(queries, part), candidates, 30, columns);
    }
    double sum = 0;
    double scaleGradient = 0;
    for (int[] part : parts) {
      Slice result =
          loss.evaluate(part(queries, part), new Step(candidates, rows, 30, columns, 0.1));
      sum += result.loss();
      scaleGradient += result.scaleGradient();
      INDArray expected = GraphHead.rows(gradient, part[0], part[1]);
      assertThat(result.gradient().sub(expected).amaxNumber().doubleValue()).isLessThan(1e-14);
    }

    assertThat(sum).isCloseTo(whole.loss(), within(1e-12));
    assertThat(scaleGradient).isCloseTo(whole.scaleGradient(), within(1e-12));
  }

  private static Rows part(INDArray queries, int[] part) {
    return new Rows(
        GraphHead.rows(queries, part[0], part[1]), numbers(part[0], part[1] - part[0]), List.of());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void float32AgreesWithFloat64(boolean symmetric) {
    int rows = 83; // not a multiple of any vector
    INDArray queries = UnitRows.matrix(rows, 32, 1);
    INDArray targets = UnitRows.matrix(rows, 32, 2);
    int[] images = numbers(0, rows);
    images[81] = images[7];
    Problem exact = new Problem(new Candidates(targets, images), List.of(), symmetric, 0);
    Problem single =
        new Problem(
            new Candidates(targets.castTo(DataType.FLOAT), images), List.of(), symmetric, 0);

    Slice expected = exact.evaluate(queries, 100);
    Slice found = single.evaluate(queries.castTo(DataType.FLOAT), 100);

    assertThat(found.loss()).isCloseTo(expected.loss(), within(1e-5 * expected.loss()));
    assertThat(found.scaleGradient()).isCloseTo(expected.scaleGradient(), within(1e-6));
    INDArray error = found.gradient().castTo(DataType.DOUBLE).subi(expected.gradient());
    assertThat(error.amaxNumber().doubleValue()).isLessThan(1e-5);
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    Candidates candidates = new Candidates(UnitRows.matrix(3, WIDTH, 2), numbers(0, 3));
    Rows rows = new Rows(UnitRows.matrix(3, 5, 1), numbers(0, 3), List.of());

    assertThatThrownBy(() -> loss(rows, candidates))
        .hasMessage("queries of shape [3, 5] for 3 own targets and candidates of shape [3, 6]");
  }

  private static double loss(Rows rows, Candidates candidates) {
    return new ContrastiveLoss(DataType.DOUBLE)
        .evaluate(rows, Step.plain(candidates, rows.own().length, 9))
        .loss();
  }

  private static int[] numbers(int from, int count) {
    return IntStream.range(from, from + count).toArray();
  }
}
