package dev.weft.index;

import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.apache.hadoop.fs.FSDataInputStream;

/**
 * Where the values of a column lie in a row group, all of one length, uncompressed and not encoded:
 * in pages, one after the other, each behind its length. They can be read without decoding, many in
 * a row or single ones.
 *
 * @param firsts row of the row group that each page begins with
 * @param starts where in the file the first value of each page begins, its length before it
 * @param rows of the row group
 * @param length bytes of a value
 */
@SuppressWarnings("ArrayRecordComponent") // not compared
record PlainColumn(int[] firsts, long[] starts, int rows, int length) {
  /** Bytes that are read at once. */
  private static final int BUFFER = 1 << 20;

  /** Receives values. */
  @FunctionalInterface
  interface Visitor {
    /**
     * One of them.
     *
     * @param i the how manieth row that was asked for
     * @param value in little-endian order; used again for the next
     */
    void visit(int i, ByteBuffer value);
  }

  /** Offset of the value of each row in the file. */
  long[] places() {
    long[] places = new long[rows];
    for (int page = 0; page < firsts.length; page++) {
      for (int row = firsts[page]; row < after(page); row++) {
        places[row] = place(page, row);
      }
    }
    return places;
  }

  private int after(int page) {
    return page + 1 < firsts.length ? firsts[page + 1] : rows;
  }

  private long place(int page, int row) {
    return starts[page] + stride() * (row - firsts[page]) + Integer.BYTES;
  }

  /** Bytes from one value to the next. */
  private long stride() {
    return stride(length);
  }

  /** Bytes from one value of a length to the next. */
  static long stride(int length) {
    return Integer.BYTES + (long) length;
  }

  /**
   * Reads the values of some rows.
   *
   * @param wanted rows of the row group, ascending
   */
  void read(FSDataInputStream file, int[] wanted, Visitor visitor) throws IOException {
    long[] places = places();
    byte[] buffer = new byte[(int) Math.max(BUFFER, stride())];
    ByteBuffer values = ByteBuffer.wrap(buffer).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < wanted.length; ) {
      long start = places[wanted[i]] - Integer.BYTES;
      int after = i + 1;
      while (after < wanted.length && places[wanted[after]] + length - start <= buffer.length) {
        after++;
      }
      file.readFully(start, buffer, 0, (int) (places[wanted[after - 1]] + length - start));
      for (; i < after; i++) {
        int at = (int) (places[wanted[i]] - start);
        if (values.limit(buffer.length).getInt(at - Integer.BYTES) != length) {
          throw new EOFException("row " + wanted[i] + " is not where the file says");
        }
        visitor.visit(i, values.position(at).limit(at + length));
      }
    }
  }
}
