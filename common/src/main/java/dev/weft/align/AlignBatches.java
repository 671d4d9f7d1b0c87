package dev.weft.align;

import dev.weft.compute.Permutation;
import dev.weft.compute.RandomKey;

/**
 * Which rows each step takes: a pure function of (seed, epoch, step).
 *
 * <p>Where there are more rows than the limit, a sample is drawn once. Each epoch takes its rows in
 * a new order; what does not fill a batch is left out, other rows each time.
 */
public final class AlignBatches {
  private static final long SAMPLE = 4;
  private static final long ORDER = 5;

  private final int used;
  private final int batchSize;
  private final long seed;
  private final Permutation sample;

  /**
   * @param rows training rows, at least 2
   * @param maxRows most rows used
   * @param batchSize B; all rows if there are fewer
   */
  public AlignBatches(int rows, int maxRows, int batchSize, long seed) {
    this.used = Math.min(rows, maxRows);
    this.batchSize = Math.min(batchSize, used);
    this.seed = seed;
    this.sample = new Permutation(rows, RandomKey.of(seed, SAMPLE));
  }

  /** Steps of an epoch. */
  public int steps() {
    return used / batchSize;
  }

  /**
   * The rows of a batch.
   *
   * @param step in the epoch, from 0
   */
  public int[] rows(int epoch, int step) {
    Permutation order = new Permutation(used, RandomKey.of(seed, ORDER, epoch));
    int[] rows = new int[batchSize];
    for (int i = 0; i < batchSize; i++) {
      rows[i] = sample.apply(order.apply(step * batchSize + i));
    }
    return rows;
  }
}
