package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class BatchesPropertyTest {
  @Property(tries = 200)
  void anEpochVisitsEveryRowOnce(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 2000) int rows,
      @ForAll @IntRange(min = 1, max = 300) int batchSize,
      @ForAll @IntRange(max = 50) int epoch) {
    Batches batches = new Batches(seed, rows, batchSize);

    int[] visited =
        IntStream.range(0, batches.stepsPerEpoch())
            .flatMap(step -> Arrays.stream(batches.rows(epoch, step)))
            .sorted()
            .toArray();

    assertThat(visited).isEqualTo(IntStream.range(0, rows).toArray());
  }

  @Property(tries = 200)
  void slicesCoverABatchWithoutOverlap(
      @ForAll @IntRange(min = 1, max = 5000) int rows,
      @ForAll @IntRange(min = 1, max = 70) int parts) {
    assertThat(Batches.sliceStart(rows, 0, parts)).isZero();
    assertThat(Batches.sliceStart(rows, parts, parts)).isEqualTo(rows);
    for (int part = 0; part < parts; part++) {
      int size = Batches.sliceStart(rows, part + 1, parts) - Batches.sliceStart(rows, part, parts);
      assertThat(size).isBetween(rows / parts, rows / parts + 1);
    }
  }
}
