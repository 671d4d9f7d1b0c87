package dev.weft.compute;

import org.nd4j.linalg.api.blas.params.MMulTranspose;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Matrix products into memory that is there already, views included.
 *
 * <p>{@code Nd4j.gemm} refuses a view as its result, although the operation behind it takes one. A
 * result in column order is several times as fast as one in row order.
 */
public final class MatrixProduct {
  private MatrixProduct() {}

  /** {@code result = alpha first second + beta result}. */
  public static void add(
      INDArray first, INDArray second, INDArray result, double alpha, double beta) {
    run(first, false, second, false, result, alpha, beta);
  }

  /** {@code result = alpha first^T second + beta result}. */
  public static void addFirstTransposed(
      INDArray first, INDArray second, INDArray result, double alpha, double beta) {
    run(first, true, second, false, result, alpha, beta);
  }

  /** {@code result = alpha first second^T + beta result}. */
  public static void addSecondTransposed(
      INDArray first, INDArray second, INDArray result, double alpha, double beta) {
    run(first, false, second, true, result, alpha, beta);
  }

  private static void run(
      INDArray first,
      boolean firstTransposed,
      INDArray second,
      boolean secondTransposed,
      INDArray result,
      double alpha,
      double beta) {
    MMulTranspose transposes =
        MMulTranspose.builder()
            .transposeA(firstTransposed)
            .transposeB(secondTransposed)
            .transposeResult(false)
            .build();
    Nd4j.exec(new Mmul(first, second, result, alpha, beta, transposes));
  }
}
