package dev.weft.train;

import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * The memory of a {@link PreparedGraph}: matrices of w x r numbers for the r rows of a pass, each
 * taken once at the largest size it ever had.
 */
final class PassMemory {
  private final DataType type;
  private final Reserve scratch;
  private final RowPasses passes;
  private int rows;

  PassMemory(DataType type) {
    this.type = type;
    scratch = new Reserve();
    passes = RowPasses.of(this);
  }

  DataType type() {
    return type;
  }

  /** What works on these matrices. */
  RowPasses passes() {
    return passes;
  }

  /** Rows r of the pass. */
  int rows() {
    return rows;
  }

  /** Starts passes of another number of rows. */
  void resize(int count) {
    rows = count;
  }

  /** {@code [width, r]} that any vertex may use until the next call. */
  INDArray scratch(long width) {
    return scratch.matrix(width);
  }

  /** Memory that grows to the largest matrix asked for. */
  final class Reserve {
    private INDArray buffer = Nd4j.createUninitialized(type, 1);

    /** {@code [width, r]} in column order; what it holds is undefined. */
    INDArray matrix(long width) {
      long length = width * rows;
      if (buffer.length() < length) {
        buffer = Nd4j.createUninitialized(type, length);
      }
      return Nd4j.create(buffer.data(), new long[] {width, rows}, new long[] {1, width}, 0, 'f');
    }
  }
}
