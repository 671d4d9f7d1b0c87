package dev.weft.align;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The rows of a matrix at unit length, with the way back for gradients.
 *
 * @param vectors {@code [n, D]}, unit length
 * @param lengths what they were divided by, {@code [n, 1]}
 */
record UnitRows(INDArray vectors, INDArray lengths) {
  private static final double SHORTEST = 1e-12;

  /**
   * Divides each row by its length.
   *
   * @param raw {@code [n, D]}, left as it is
   */
  static UnitRows of(INDArray raw) {
    INDArray lengths = raw.norm2(true, 1).addi(SHORTEST);
    return new UnitRows(raw.divColumnVector(lengths), lengths);
  }

  /**
   * Back-propagates.
   *
   * @param gradient dL/d(vectors), {@code [n, D]}; overwritten
   * @return dL/d(raw), {@code [n, D]}: {@code (g - (g.u) u) / length}
   */
  INDArray backward(INDArray gradient) {
    INDArray along = gradient.mul(vectors).sum(true, 1); // [n, 1]
    return gradient.subi(vectors.mulColumnVector(along)).diviColumnVector(lengths);
  }
}
