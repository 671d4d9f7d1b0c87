package dev.weft.train;

import java.io.Serializable;

/**
 * What training minimises besides the plain query-to-target loss of a batch: see {@link
 * ContrastiveLoss}.
 *
 * @param direction which of the two cross-entropies count
 * @param referenceAsNegative whether the reference image of a row is one more negative of its own
 * @param hardNegatives mined negatives of each row that count, 0 for none
 * @param memoryBatches batches before a step whose targets are negatives for all its rows, 0 for
 *     none
 * @param labelSmoothing share of the wanted probability that is spread evenly over all candidates
 *     of a row, 0 to below 1
 */
public record Objective(
    Direction direction,
    boolean referenceAsNegative,
    int hardNegatives,
    int memoryBatches,
    double labelSmoothing)
    implements Serializable { // travels with every task

  /** Which way the logits of a batch are read. */
  public enum Direction {
    /** Each query finds its target among all candidates. */
    QUERY_TO_TARGET,
    /** The mean of that, and of each target of the batch finding its query among the queries. */
    SYMMETRIC
  }

  public Objective {
    if (hardNegatives < 0 || memoryBatches < 0 || !(labelSmoothing >= 0 && labelSmoothing < 1)) {
      throw new IllegalArgumentException(
          hardNegatives
              + " hard negatives, "
              + memoryBatches
              + " batches of memory and label smoothing "
              + labelSmoothing);
    }
  }

  /** Whether the loss needs the log-sum-exp of the columns before the gradient of any row. */
  public boolean needsColumns() {
    return direction == Direction.SYMMETRIC;
  }
}
