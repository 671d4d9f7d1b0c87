package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeBackend;
import dev.weft.train.ContrastiveLoss.OwnNegatives;
import dev.weft.train.ContrastiveLoss.Slice;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

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

    Slice slice = evaluate(rows, new Candidates(rows, numbers(0, 8)), Optional.empty(), 50);

    assertThat(slice.loss()).isCloseTo(Math.log(8), within(1e-12));
    assertThat(slice.scaleGradient()).isCloseTo(0, within(1e-12));
  }

  @Test
  void lossIsThatOfTheFormula() {
    INDArray queries = UnitRows.matrix(3, WIDTH, 1);
    INDArray targets = UnitRows.matrix(3, WIDTH, 2);

    double loss =
        evaluate(queries, new Candidates(targets, numbers(0, 3)), Optional.empty(), 7).loss();

    double expected = 0;
    for (int i = 0; i < 3; i++) {
      double sum = 0;
      for (int j = 0; j < 3; j++) {
        sum += Math.exp(7 * dot(queries, i, targets, j));
      }
      expected += (Math.log(sum) - 7 * dot(queries, i, targets, i)) / 3;
    }
    assertThat(loss).isCloseTo(expected, within(1e-12));
  }

  @Test
  void gradientsMatchCentralDifferencesWithMasksAndFurtherNegatives() {
    INDArray queries = UnitRows.matrix(4, WIDTH, 1);
    // Candidates 4 and 5 are negatives of all rows; 1 and 3 show one image, as do 0 and 5.
    Candidates candidates =
        new Candidates(UnitRows.matrix(6, WIDTH, 2), new int[] {10, 11, 12, 11, 13, 10});
    Optional<OwnNegatives> own =
        Optional.of(new OwnNegatives(UnitRows.matrix(4, WIDTH, 3), new int[] {20, 21, 12, 23}));

    Slice slice = evaluate(queries, candidates, own, 5);
    INDArray gradient = slice.gradient().dup();
    double scaleGradient = slice.scaleGradient();

    for (int row = 0; row < 4; row++) {
      for (int column = 0; column < WIDTH; column++) {
        INDArray above = queries.dup();
        above.putScalar(row, column, queries.getDouble(row, column) + STEP);
        INDArray below = queries.dup();
        below.putScalar(row, column, queries.getDouble(row, column) - STEP);
        double difference =
            evaluate(above, candidates, own, 5).loss() - evaluate(below, candidates, own, 5).loss();
        assertThat(gradient.getDouble(row, column))
            .as("dL/dq[%d,%d]", row, column)
            .isCloseTo(difference / (2 * STEP), within(1e-9));
      }
    }
    double difference =
        evaluate(queries, candidates, own, 5 + STEP).loss()
            - evaluate(queries, candidates, own, 5 - STEP).loss();
    assertThat(scaleGradient).isCloseTo(difference / (2 * STEP), within(1e-9));
  }

  @Test
  void aCandidateOfTheSameImageIsNoNegative() {
    INDArray queries = UnitRows.matrix(3, WIDTH, 1);
    INDArray targets = UnitRows.matrix(3, WIDTH, 2);
    INDArray repeated = Nd4j.vstack(targets, targets);

    double once =
        evaluate(queries, new Candidates(targets, numbers(0, 3)), Optional.empty(), 9).loss();
    double masked =
        new ContrastiveLoss(DataType.DOUBLE)
            .evaluate(
                queries.getRows(1),
                new int[] {1},
                new Candidates(repeated.getRows(0, 1, 2, 4), new int[] {0, 1, 2, 1}),
                Optional.empty(),
                9,
                1)
            .loss();
    double alone =
        new ContrastiveLoss(DataType.DOUBLE)
            .evaluate(
                queries.getRows(1),
                new int[] {1},
                new Candidates(targets, numbers(0, 3)),
                Optional.empty(),
                9,
                1)
            .loss();

    assertThat(masked).isCloseTo(alone, within(1e-12));
    assertThat(once).isPositive();
  }

  @Test
  void anOwnNegativeThatIsTheTargetIsNoNegative() {
    INDArray queries = UnitRows.matrix(3, WIDTH, 1);
    INDArray targets = UnitRows.matrix(3, WIDTH, 2);
    Candidates candidates = new Candidates(targets, numbers(0, 3));

    double without = evaluate(queries, candidates, Optional.empty(), 9).loss();
    double same =
        evaluate(queries, candidates, Optional.of(new OwnNegatives(targets, numbers(0, 3))), 9)
            .loss();
    double other =
        evaluate(queries, candidates, Optional.of(new OwnNegatives(targets, numbers(5, 3))), 9)
            .loss();

    assertThat(same).isEqualTo(without);
    assertThat(other).isGreaterThan(without);
  }

  @Test
  void tilesAndSlicesOfAnySizeAddUpToTheWhole() {
    int rows = 37;
    INDArray queries = UnitRows.matrix(rows, WIDTH, 1);
    Candidates candidates = new Candidates(UnitRows.matrix(rows, WIDTH, 2), numbers(0, rows));
    Slice whole = evaluate(queries, candidates, Optional.empty(), 30);
    INDArray gradient = whole.gradient().dup();
    ContrastiveLoss tiled = new ContrastiveLoss(DataType.DOUBLE, 5 * rows);

    double loss = 0;
    double scaleGradient = 0;
    for (int[] slice : new int[][] {{0, 3}, {3, 20}, {20, 37}}) {
      int[] own = numbers(slice[0], slice[1] - slice[0]);
      INDArray part = queries.get(NDArrayIndex.interval(slice[0], slice[1]), NDArrayIndex.all());
      Slice result = tiled.evaluate(part, own, candidates, Optional.empty(), 30, rows);
      loss += result.loss();
      scaleGradient += result.scaleGradient();
      INDArray expected =
          gradient.get(NDArrayIndex.interval(slice[0], slice[1]), NDArrayIndex.all());
      assertThat(result.gradient().sub(expected).amaxNumber().doubleValue()).isLessThan(1e-15);
    }

    assertThat(loss).isCloseTo(whole.loss(), within(1e-12));
    assertThat(scaleGradient).isCloseTo(whole.scaleGradient(), within(1e-12));
  }

  @Test
  void float32AgreesWithFloat64() {
    INDArray queries = UnitRows.matrix(50, 32, 1);
    INDArray targets = UnitRows.matrix(50, 32, 2);
    Slice exact = evaluate(queries, new Candidates(targets, numbers(0, 50)), Optional.empty(), 100);
    Slice single =
        new ContrastiveLoss(DataType.FLOAT)
            .evaluate(
                queries.castTo(DataType.FLOAT),
                numbers(0, 50),
                new Candidates(targets.castTo(DataType.FLOAT), numbers(0, 50)),
                Optional.empty(),
                100,
                50);

    assertThat(single.loss()).isCloseTo(exact.loss(), within(1e-5 * exact.loss()));
    assertThat(single.scaleGradient()).isCloseTo(exact.scaleGradient(), within(1e-6));
    INDArray error = single.gradient().castTo(DataType.DOUBLE).subi(exact.gradient());
    assertThat(error.amaxNumber().doubleValue()).isLessThan(1e-5);
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    Candidates candidates = new Candidates(UnitRows.matrix(3, WIDTH, 2), numbers(0, 3));

    assertThatThrownBy(() -> evaluate(UnitRows.matrix(3, 5, 1), candidates, Optional.empty(), 1))
        .hasMessage("queries of shape [3, 5] for 3 own targets and candidates of shape [3, 6]");
  }

  private static Slice evaluate(
      INDArray queries, Candidates candidates, Optional<OwnNegatives> own, double scale) {
    int rows = (int) queries.size(0);
    return new ContrastiveLoss(DataType.DOUBLE)
        .evaluate(queries, numbers(0, rows), candidates, own, scale, rows);
  }

  private static double dot(INDArray first, int i, INDArray second, int j) {
    double sum = 0;
    for (int k = 0; k < first.size(1); k++) {
      sum += first.getDouble(i, k) * second.getDouble(j, k);
    }
    return sum;
  }

  private static int[] numbers(int from, int count) {
    int[] numbers = new int[count];
    java.util.Arrays.setAll(numbers, i -> from + i);
    return numbers;
  }
}
