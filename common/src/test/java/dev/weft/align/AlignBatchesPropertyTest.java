package dev.weft.align;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class AlignBatchesPropertyTest {

  @Property(tries = 100)
  void anEpochTakesNoRowTwiceAndEveryEpochTheSameSample(
      @ForAll @IntRange(min = 2, max = 500) int rows,
      @ForAll @IntRange(min = 2, max = 600) int maxRows,
      @ForAll @IntRange(min = 2, max = 64) int batchSize,
      @ForAll long seed) {
    AlignBatches batches = new AlignBatches(rows, maxRows, batchSize, seed);
    int used = Math.min(rows, maxRows);
    int size = Math.min(batchSize, used);

    assertThat(batches.steps()).isEqualTo(used / size);
    int[] first = epoch(batches, 0);
    assertThat(first).hasSize(batches.steps() * size).doesNotHaveDuplicates();
    assertThat(Arrays.stream(first)).allMatch(row -> row >= 0 && row < rows);
    assertThat(epoch(new AlignBatches(rows, maxRows, batchSize, seed), 0)).isEqualTo(first);
    Set<Integer> seen =
        IntStream.range(0, 5)
            .flatMap(epoch -> Arrays.stream(epoch(batches, epoch)))
            .boxed()
            .collect(Collectors.toSet());
    assertThat(seen).hasSizeLessThanOrEqualTo(used);
  }

  private static int[] epoch(AlignBatches batches, int epoch) {
    return IntStream.range(0, batches.steps())
        .flatMap(step -> Arrays.stream(batches.rows(epoch, step)))
        .toArray();
  }
}
