package dev.weft.train;

import java.util.Arrays;
import java.util.List;

/**
 * What one step asks of every slice.
 *
 * @param step number of the step since the start of the run, from 0
 * @param epoch epoch, from 0
 * @param stepInEpoch number of the step in its epoch, from 0
 * @param parameters parameters of the head, little-endian float32
 * @param logitScale the logit scale
 * @param columns of a symmetric loss in its second pass: log-sum-exp of the logits of each target
 *     of the batch over all queries, B numbers; otherwise empty
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record StepRequest(
    long step, int epoch, int stepInEpoch, byte[] parameters, double logitScale, double[] columns) {

  /** A step that has no columns, or not yet. */
  public StepRequest(long step, int epoch, int stepInEpoch, byte[] parameters, double logitScale) {
    this(step, epoch, stepInEpoch, parameters, logitScale, new double[0]);
  }

  /** The same step with other parameters, or none. */
  public StepRequest withParameters(byte[] others) {
    return new StepRequest(step, epoch, stepInEpoch, others, logitScale, columns);
  }

  /**
   * The second pass of a symmetric loss.
   *
   * @param slices what the first pass gave, in the order of the slices: the log-sum-exp of each
   *     column over the rows of the slice
   */
  public StepRequest withColumns(List<double[]> slices) {
    double[] all = new double[slices.get(0).length];
    Arrays.fill(all, Double.NEGATIVE_INFINITY);
    for (double[] slice : slices) {
      for (int column = 0; column < all.length; column++) {
        all[column] = logSumExp(all[column], slice[column]);
      }
    }
    return new StepRequest(step, epoch, stepInEpoch, parameters, logitScale, all);
  }

  private static double logSumExp(double first, double second) {
    double greater = Math.max(first, second);
    return greater == Double.NEGATIVE_INFINITY
        ? greater
        : greater + Math.log1p(Math.exp(Math.min(first, second) - greater));
  }
}
