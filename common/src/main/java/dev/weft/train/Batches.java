package dev.weft.train;

import dev.weft.compute.Permutation;
import dev.weft.compute.RandomKey;
import java.io.Serializable;

/**
 * Which rows a step trains on: a pure function of (seed, epoch, step), whatever the number of
 * workers.
 *
 * <p>Each epoch visits every row once in its own order. The last batch of an epoch is kept when it
 * is short; its rows then have fewer negatives.
 *
 * @param seed seed of the run
 * @param rows rows of the table, at least 1
 * @param batchSize rows of a full batch, at least 1
 */
public record Batches(long seed, int rows, int batchSize)
    implements Serializable { // travels with every task
  private static final long ORDER = 1;

  public Batches {
    if (rows < 1 || batchSize < 1) {
      throw new IllegalArgumentException(
          "batches need at least one row each, got " + rows + " rows in batches of " + batchSize);
    }
  }

  /** Steps of one epoch. */
  public int stepsPerEpoch() {
    return (int) (((long) rows + batchSize - 1) / batchSize);
  }

  /** How many rows a step has. */
  public int size(int stepInEpoch) {
    if (stepInEpoch < 0 || stepInEpoch >= stepsPerEpoch()) {
      throw new IndexOutOfBoundsException(
          "step " + stepInEpoch + " is not within 0.." + (stepsPerEpoch() - 1));
    }
    return (int) Math.min(batchSize, rows - (long) stepInEpoch * batchSize);
  }

  /** The rows of one step, in the order of the global batch. */
  public int[] rows(int epoch, int stepInEpoch) {
    Permutation order = new Permutation(rows, RandomKey.of(seed, ORDER, epoch));
    int[] batch = new int[size(stepInEpoch)];
    for (int i = 0; i < batch.length; i++) {
      batch[i] = order.apply(stepInEpoch * batchSize + i);
    }
    return batch;
  }

  /**
   * Where slice {@code part} of {@code parts} starts in a batch; slices differ by one row at most.
   */
  public static int sliceStart(int batchRows, int part, int parts) {
    return (int) ((long) batchRows * part / parts);
  }
}
