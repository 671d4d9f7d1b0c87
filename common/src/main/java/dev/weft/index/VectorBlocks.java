package dev.weft.index;

import dev.weft.compute.ByteProduct;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;

/**
 * N vectors and their 8-bit codes, outside the heap, in blocks of {@value #ROWS} rows: 5 N D bytes
 * and 8 N for what belongs to the codes.
 *
 * <p>Filled by {@link #set}, from several threads if they set different rows; not changed
 * afterwards, and then safe to share between threads until {@link #close}.
 */
final class VectorBlocks implements AutoCloseable {
  /** Rows of a block. */
  static final int ROWS = 4096;

  private final int width;
  private final int size;
  private final List<Block> blocks = new ArrayList<>();
  private final Bounds bounds;
  private double largestSquare;

  /**
   * Some rows.
   *
   * @param memory what is freed at the end
   * @param codes one byte per value, {@link ByteProduct#ZERO} added
   * @param vectors the values themselves
   */
  private record Block(BytePointer memory, ByteBuffer codes, FloatBuffer vectors) {}

  /**
   * What a row's code stands for.
   *
   * @param scales value of one unit of each row's code
   * @param errors at least the length of what the code lost, of each row
   */
  @SuppressWarnings("ArrayRecordComponent") // filled in place, never compared
  record Bounds(float[] scales, float[] errors) {}

  /**
   * Takes memory for all rows.
   *
   * @param width D, at least 1
   * @param size N
   */
  VectorBlocks(int width, int size) {
    this.width = width;
    this.size = size;
    bounds = new Bounds(new float[size], new float[size]);
    for (int from = 0; from < size; from += ROWS) {
      int values = Math.min(ROWS, size - from) * width;
      BytePointer memory = new BytePointer(5L * values);
      ByteBuffer all = memory.asByteBuffer().order(ByteOrder.nativeOrder());
      FloatBuffer vectors = all.slice(0, 4 * values).order(ByteOrder.nativeOrder()).asFloatBuffer();
      blocks.add(new Block(memory, all.slice(4 * values, values), vectors));
    }
  }

  int width() {
    return width;
  }

  int size() {
    return size;
  }

  /** Stores a row; {@code code} is scratch memory of D bytes. */
  void set(int row, float[] vector, byte[] code) {
    RowCode made = RowCode.of(vector, RowCode.LIMIT, code);
    for (int i = 0; i < width; i++) {
      code[i] ^= (byte) ByteProduct.ZERO; // adds 128
    }
    put(row, vector, code, made);
  }

  /**
   * Stores a row whose code is known.
   *
   * @param code D bytes with {@link ByteProduct#ZERO} added
   */
  void put(int row, float[] vector, byte[] code, RowCode made) {
    Block block = blocks.get(row / ROWS);
    int at = row % ROWS * width;
    block.vectors().put(at, vector);
    block.codes().put(at, code);
    bounds.scales[row] = made.scale();
    bounds.errors[row] = made.error();
    double square = RowCode.square(vector);
    synchronized (this) {
      largestSquare = Math.max(largestSquare, square);
    }
  }

  /** Length of the longest vector. */
  synchronized double largestLength() {
    return Math.sqrt(largestSquare);
  }

  /** The codes from a row on, to the end of its block. */
  ByteBuffer codes(int row) {
    return blocks.get(row / ROWS).codes().duplicate().position(row % ROWS * width);
  }

  /** Copies a vector, {@code [D]}. */
  void copy(int row, float[] target) {
    blocks.get(row / ROWS).vectors().get(row % ROWS * width, target, 0, width);
  }

  /** What belongs to the codes. */
  Bounds bounds() {
    return bounds;
  }

  /** Largest error of any row's code. */
  float largestError() {
    float largest = 0;
    for (float error : bounds.errors) {
      largest = Math.max(largest, error);
    }
    return largest;
  }

  /** Bytes outside the heap and in arrays. */
  long bytes() {
    return 5L * size * width + 8L * size;
  }

  @Override
  public void close() {
    blocks.forEach(block -> block.memory().close());
  }
}
