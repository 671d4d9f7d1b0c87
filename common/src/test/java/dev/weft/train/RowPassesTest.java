package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.train.RowPasses.Activation;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** The passes in vector registers beside ND4J's own operations in float64. */
class RowPassesTest {
  private final PassMemory memory = new PassMemory(DataType.FLOAT);
  private final PassMemory exact = new PassMemory(DataType.DOUBLE);
  private int width;

  @Property(tries = 40)
  void vectorPassesAreThoseOfNd4j(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 40) int columns,
      @ForAll @IntRange(min = 1, max = 9) int rows,
      @ForAll Activation activation) {
    width = columns;
    memory.resize(rows);
    exact.resize(rows);
    assertThat(RowPasses.of(memory)).isInstanceOf(VectorRowPasses.class);
    assertThat(RowPasses.of(exact)).isInstanceOf(Nd4jRowPasses.class);
    Nd4j.getRandom().setSeed(seed);
    INDArray values = Nd4j.randn(DataType.DOUBLE, columns, rows).muli(6).dup('f');
    values.putScalar(0, 0, -100); // the sigmoid of it is below the smallest float
    values.putColumn(rows - 1, Nd4j.zeros(DataType.DOUBLE, columns));
    INDArray errors = Nd4j.randn(DataType.DOUBLE, columns, rows).dup('f');
    INDArray bias = Nd4j.randn(DataType.DOUBLE, columns, 1).dup('f');

    same(
        values,
        into -> memory.passes().activate(into, floats(bias), activation),
        into -> exact.passes().activate(into, bias, activation));
    INDArray activated = values.dup('f');
    exact.passes().activate(activated, bias, activation);
    same(
        errors,
        into -> memory.passes().deactivate(floats(activated), into, activation),
        into -> exact.passes().deactivate(activated, into, activation));

    INDArray lengths = matrix(exact, 1);
    INDArray unit = matrix(exact, columns);
    exact.passes().normalize(values, unit, lengths);
    INDArray floatLengths = matrix(memory, 1);
    same(
        values,
        into -> memory.passes().normalize(floats(values), into, floatLengths),
        into -> into.assign(unit));
    close(floatLengths, lengths);
    same(
        errors,
        into -> memory.passes().throughNormalize(floats(unit), floatLengths, floats(errors), into),
        into -> exact.passes().throughNormalize(unit, lengths, errors, into));

    double[] factors = new double[rows];
    exact.passes().dots(values, errors, factors);
    double[] floatFactors = new double[rows];
    memory.passes().dots(floats(values), floats(errors), floatFactors);
    assertThat(floatFactors).containsExactly(factors, within(1e-3));
    same(
        errors,
        into -> memory.passes().scale(into, factors),
        into -> exact.passes().scale(into, factors));
    same(
        errors,
        into -> memory.passes().addScaled(into, floats(unit), factors),
        into -> exact.passes().addScaled(into, unit, factors));
  }

  private static INDArray matrix(PassMemory memory, int width) {
    return memory.new Reserve().matrix(width);
  }

  private static INDArray floats(INDArray values) {
    return values.castTo(DataType.FLOAT).dup('f');
  }

  private void same(INDArray start, Consumer<INDArray> found, Consumer<INDArray> expected) {
    INDArray first = floats(start);
    INDArray second = start.dup('f');
    found.accept(first);
    expected.accept(second);
    assertThat(first.size(0)).isEqualTo(width);
    close(first, second);
  }

  private static void close(INDArray found, INDArray expected) {
    for (long column = 0; column < expected.size(1); column++) {
      for (long row = 0; row < expected.size(0); row++) {
        double value = expected.getDouble(row, column);
        assertThat(found.getDouble(row, column))
            .isCloseTo(value, within(1e-5 + 2e-6 * Math.abs(value)));
      }
    }
  }
}
