package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.compute.NativeBackend;
import dev.weft.compute.Permutation;
import java.util.Optional;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.BeforeContainer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

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

  private static double loss(INDArray queries, INDArray targets, int[] images, double scale) {
    int[] own = IntStream.range(0, images.length).toArray();
    return new ContrastiveLoss(DataType.DOUBLE)
        .evaluate(
            queries, own, new Candidates(targets, images), Optional.empty(), scale, images.length)
        .loss();
  }
}
