package dev.weft.train;

import dev.weft.compute.NativeBackend;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The passes of a softmax over a tile of logits, along its rows and along its columns.
 *
 * <p>Dimensions: C = candidates, r = queries of the tile, n = columns with a term of their own in
 * the loss, the first n of the C. A tile is {@code [C, r]} in column order: the logits of one query
 * lie one after the other. "Row" always means a query and "column" a candidate, as in the B x B
 * matrix of the literature, although ND4J sees the tile transposed.
 *
 * <p>A logit of {@link #MASKED} weighs nothing in any pass. Results do not depend on the number of
 * threads.
 */
interface LogitPasses {
  /** What a logit is set to whose candidate is no negative of its query. */
  double MASKED = -1e30;

  /** The logit of each row at its own place, r numbers. */
  double[] at(INDArray logits, int[] places);

  /** Adds a number to the logit of each row at its own place. */
  void add(INDArray logits, int[] places, double[] added);

  /**
   * Replaces each logit by {@code exp(logit - shift of its row)}, the shift being the greatest
   * logit of the row or what is given, whichever is greater.
   *
   * @param shifts r numbers, replaced by the shifts
   * @param sums takes the sum of each row, r numbers
   */
  void rowExponentials(INDArray logits, double[] shifts, double[] sums);

  /** The shifts and sums of {@link #rowExponentials}; leaves the logits as they are. */
  void rowSums(INDArray logits, double[] shifts, double[] sums);

  /**
   * Replaces each logit by {@code exp(logit - shift of its row)}, and adds {@code exp(logit - shift
   * of its column)} in the first n columns.
   *
   * @param rowShifts r numbers
   * @param columnShifts n numbers
   */
  void bothExponentials(INDArray logits, double[] rowShifts, double[] columnShifts);

  /** Writes the greatest logit of each of the first n columns, n numbers. */
  void columnMaxima(INDArray logits, double[] maxima);

  /** Writes the sums of {@code exp(logit - shift of its column)} of the first n columns. */
  void columnSums(INDArray logits, double[] shifts, double[] sums);

  /** The fastest passes for a type of numbers on the backend that runs. */
  static LogitPasses of(DataType type) {
    return of(type, NativeBackend.load());
  }

  /** The fastest passes on a backend. */
  static LogitPasses of(DataType type, NativeBackend.Description backend) {
    return VectorPasses.runOn(type, backend)
        ? VectorPasses.make(LogitPasses.class, "VectorLogitPasses")
        : new Nd4jLogitPasses();
  }
}
