package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeBackend;
import dev.weft.compute.Permutation;
import dev.weft.train.ContrastiveLoss.Rows;
import dev.weft.train.ContrastiveLoss.Step;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

class ContrastiveLossPropertyTest {
  private static final int WIDTH = 5;

  @BeforeContainer
  static void startEngine() {
    NativeBackend.load();
  }

  @Property(tries = 40)
  void theOrderOfTheRowsChangesNothing(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 30) int rows,
      @ForAll @IntRange(min = 1, max = 100) int scale) {
    INDArray queries = UnitRows.matrix(rows, WIDTH, seed);
    INDArray targets = UnitRows.matrix(rows, WIDTH, seed + 1);
    int[] images = IntStream.range(0, rows).map(row -> row % 7).toArray();
    Permutation permutation = new Permutation(rows, seed);
    int[] order = IntStream.range(0, rows).map(permutation::apply).toArray();
    int[] shuffled = IntStream.of(order).map(row -> images[row]).toArray();

    double loss = loss(queries, targets, images, scale);
    double permuted = loss(queries.getRows(order), targets.getRows(order), shuffled, scale);

    assertThat(permuted).isCloseTo(loss, within(1e-10));
  }

  @Property(tries = 60)
  void vectorPassesAreThoseOfNd4j(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 70) int size,
      @ForAll @IntRange(min = 1, max = 5) int rows,
      @ForAll @IntRange(min = 0, max = 70) int columns,
      @ForAll @IntRange(min = -9, max = 30) int floor) {
    int n = Math.min(size, columns);
    INDArray logits = Nd4j.createFromArray(UnitRows.array(rows, size, seed)).muli(50);
    INDArray tile = logits.reshape(rows, size).transpose().dup('f'); // [C, r]
    tile.putScalar(size - 1, 0, LogitPasses.MASKED);
    LogitPasses expected = new Nd4jLogitPasses();
    LogitPasses found = LogitPasses.of(DataType.FLOAT);
    assertThat(found).isNotInstanceOf(Nd4jLogitPasses.class);

    double[] shifts = new double[rows];
    Arrays.fill(shifts, floor);
    double[] shiftsFound = shifts.clone();
    assertClose(
        rows,
        sums -> found.rowSums(tile, shiftsFound, sums),
        sums -> expected.rowSums(tile, shifts, sums));
    assertClose(rows, v -> copy(shiftsFound, v), v -> copy(shifts, v));
    if (n > 0) {
      double[] columnShifts = new double[n];
      expected.columnMaxima(tile, columnShifts);
      assertClose(n, v -> found.columnMaxima(tile, v), v -> expected.columnMaxima(tile, v));
      assertClose(
          n,
          v -> found.columnSums(tile, columnShifts, v),
          v -> expected.columnSums(tile, columnShifts, v));
      assertSame(
          tile,
          copy -> found.bothExponentials(copy, shifts, columnShifts),
          copy -> expected.bothExponentials(copy, shifts, columnShifts));
    }
    assertSame(
        tile,
        copy -> found.rowExponentials(copy, shifts.clone(), new double[rows]),
        copy -> expected.rowExponentials(copy, shifts.clone(), new double[rows]));
  }

  private static void copy(double[] values, double[] target) {
    System.arraycopy(values, 0, target, 0, target.length);
  }

  private static void assertClose(
      int count, Consumer<double[]> found, Consumer<double[]> expected) {
    double[] first = new double[count];
    double[] second = new double[count];
    found.accept(first);
    expected.accept(second);
    for (int i = 0; i < count; i++) {
      assertThat(first[i]).isCloseTo(second[i], within(2e-6 * Math.abs(second[i]) + 1e-36));
    }
  }

  private static void assertSame(
      INDArray tile, Consumer<INDArray> found, Consumer<INDArray> expected) {
    INDArray first = tile.dup('f');
    INDArray second = tile.dup('f');
    found.accept(first);
    expected.accept(second);
    double[] values = second.data().asDouble();
    double[] vector = first.data().asDouble();
    for (int i = 0; i < values.length; i++) {
      assertThat(vector[i]).isCloseTo(values[i], within(2e-6 * values[i] + 1e-37));
    }
  }

  private static double loss(INDArray queries, INDArray targets, int[] images, double scale) {
    int[] own = IntStream.range(0, images.length).toArray();
    return new ContrastiveLoss(DataType.DOUBLE)
        .evaluate(
            new Rows(queries, own, List.of()),
            Step.plain(new Candidates(targets, images), images.length, scale))
        .loss();
  }
}
