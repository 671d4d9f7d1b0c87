package dev.weft.compute;

import org.nd4j.linalg.api.blas.params.MMulTranspose;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Matrix products, also into memory that is there already, views included.
 *
 * <p>{@code Nd4j.gemm} refuses a view as its result, although the operation behind it takes one. A
 * result in column order is several times as fast as one in row order.
 *
 * <p>On the processor a large product is cut by the columns of its result among the threads of
 * {@link ParallelRows}, and the matrix library is held to one thread. With threads of its own,
 * which wait for the next product by spinning, the library takes the cores from all loops in
 * between.
 */
public final class MatrixProduct {
  /**
   * Multiplications of a part. A smaller product gains nothing by a second thread; and the library
   * takes other code, of other bits, for those below a million.
   */
  private static final long LEAST_MULTIPLICATIONS = 1 << 21;

  /**
   * Columns that stay together: a multiple of what the inner loops of the library take at once (4
   * to 24, by processor), so that the cut leaves every column in the loop it would be in without.
   */
  private static final long UNIT = 48;

  private MatrixProduct() {}

  /** {@code first second}, in column order. */
  public static INDArray of(INDArray first, INDArray second) {
    INDArray result = inColumnOrder(first, first.size(0), second.size(1));
    add(first, second, result, 1, 0);
    return result;
  }

  /** {@code first^T second}, in column order. */
  public static INDArray ofFirstTransposed(INDArray first, INDArray second) {
    INDArray result = inColumnOrder(first, first.size(1), second.size(1));
    addFirstTransposed(first, second, result, 1, 0);
    return result;
  }

  /** {@code result = alpha first second + beta result}. */
  public static void add(
      INDArray first, INDArray second, INDArray result, double alpha, double beta) {
    run(new Factor(first, false), new Factor(second, false), result, alpha, beta);
  }

  /** {@code result = alpha first^T second + beta result}. */
  public static void addFirstTransposed(
      INDArray first, INDArray second, INDArray result, double alpha, double beta) {
    run(new Factor(first, true), new Factor(second, false), result, alpha, beta);
  }

  /** {@code result = alpha first second^T + beta result}. */
  public static void addSecondTransposed(
      INDArray first, INDArray second, INDArray result, double alpha, double beta) {
    run(new Factor(first, false), new Factor(second, true), result, alpha, beta);
  }

  private static INDArray inColumnOrder(INDArray like, long rows, long columns) {
    return Nd4j.createUninitialized(like.dataType(), new long[] {rows, columns}, 'f');
  }

  /** One side of a product. */
  private record Factor(INDArray matrix, boolean transposed) {
    /** Some columns of what it is in the product. */
    Factor columns(long from, long to) {
      return new Factor(part(matrix, transposed ? 0 : 1, from, to), transposed);
    }
  }

  private static void run(Factor first, Factor second, INDArray result, double alpha, double beta) {
    long columns = result.size(1);
    int parts = parts(first.matrix().length() * columns, columns);
    if (parts == 1) {
      multiply(first, second, result, alpha, beta);
      return;
    }
    ParallelRows.forEach(
        parts,
        part -> {
          long from = start(part, parts, columns);
          long to = start(part + 1, parts, columns);
          multiply(first, second.columns(from, to), part(result, 1, from, to), alpha, beta);
        });
  }

  private static int parts(long multiplications, long columns) {
    long most = Math.min(multiplications / LEAST_MULTIPLICATIONS, columns / UNIT);
    if (most < 2) {
      return 1;
    }
    NativeBackend.Description engine = NativeBackend.load();
    return engine.onGpu() ? 1 : (int) Math.min(engine.threads(), most);
  }

  /** Where a part begins. */
  private static long start(int part, int parts, long columns) {
    return part == parts ? columns : columns / UNIT * part / parts * UNIT;
  }

  /** Some rows (axis 0) or columns (axis 1), without a copy. */
  private static INDArray part(INDArray matrix, int axis, long from, long to) {
    long[] shape = matrix.shape().clone();
    shape[axis] = to - from;
    long offset = matrix.offset() + from * matrix.stride(axis);
    return Nd4j.create(matrix.data(), shape, matrix.stride().clone(), offset, matrix.ordering());
  }

  private static void multiply(
      Factor first, Factor second, INDArray result, double alpha, double beta) {
    MMulTranspose transposes =
        MMulTranspose.builder()
            .transposeA(first.transposed())
            .transposeB(second.transposed())
            .transposeResult(false)
            .build();
    Nd4j.exec(new Mmul(first.matrix(), second.matrix(), result, alpha, beta, transposes));
  }
}
