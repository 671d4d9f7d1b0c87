package dev.weft.index;

import dev.weft.compute.ByteProduct;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.bytedeco.javacpp.BytePointer;

/**
 * N vectors and their 8-bit codes, in blocks of {@value #ROWS} rows outside the heap, and 8 N bytes
 * for what belongs to the codes. The vectors lie beside the codes, 5 N D bytes together, or stay in
 * the files they come from: N D bytes.
 *
 * <p>Filled by {@link #set}, or by {@link #putCode} and {@link #put}, from several threads if they
 * set different rows; not changed afterwards, and then safe to share between threads until {@link
 * #close}.
 */
final class VectorBlocks implements AutoCloseable {
  /** Rows of a block. */
  static final int ROWS = 4096;

  private final int width;
  private final int size;
  private final List<Block> blocks = new ArrayList<>();
  private final Bounds bounds;
  private final Optional<VectorFiles> files;
  private volatile double largestLength;

  /**
   * Some rows.
   *
   * @param memory what is freed at the end
   * @param codes one byte per value, {@link ByteProduct#ZERO} added
   * @param vectors the values themselves; none where they stay in files
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
    this(width, size, Optional.empty());
  }

  /** As above; of vectors that stay in files, memory holds the codes only. */
  VectorBlocks(int width, int size, Optional<VectorFiles> files) {
    this.files = files;
    this.width = width;
    this.size = size;
    bounds = new Bounds(new float[size], new float[size]);
    for (int from = 0; from < size; from += ROWS) {
      int values = Math.min(ROWS, size - from) * width;
      int floats = files.isPresent() ? 0 : 4 * values;
      BytePointer memory = new BytePointer((long) floats + values);
      ByteBuffer all = memory.asByteBuffer().order(ByteOrder.nativeOrder());
      FloatBuffer vectors = all.slice(0, floats).order(ByteOrder.nativeOrder()).asFloatBuffer();
      blocks.add(new Block(memory, all.slice(floats, values), vectors));
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
    putCode(row, code, made);
    put(row, vector);
  }

  /** Stores a vector. */
  void put(int row, float[] vector) {
    blocks.get(row / ROWS).vectors().put(row % ROWS * width, vector);
    atLeast(Math.sqrt(Kernels.best().score(vector, vector)) * (1 + 1e-6));
  }

  /**
   * Stores the code of a vector.
   *
   * @param code D bytes with {@link ByteProduct#ZERO} added
   */
  void putCode(int row, byte[] code, RowCode made) {
    blocks.get(row / ROWS).codes().put(row % ROWS * width, code);
    bounds.scales[row] = made.scale();
    bounds.errors[row] = made.error();
    if (files.isPresent()) {
      long square = 0;
      for (byte value : code) {
        int whole = (byte) (value ^ ByteProduct.ZERO);
        square += (long) whole * whole;
      }
      atLeast(made.scale() * Math.sqrt((double) square) + made.error());
    }
  }

  private void atLeast(double length) {
    if (length > largestLength) {
      synchronized (this) {
        largestLength = Math.max(largestLength, length);
      }
    }
  }

  /** At least the length of the longest vector. */
  double largestLength() {
    return largestLength;
  }

  /** Whether reading a vector costs no more than looking at memory. */
  boolean inMemory() {
    return files.isEmpty();
  }

  /** The codes from a row on, to the end of its block. */
  ByteBuffer codes(int row) {
    return blocks.get(row / ROWS).codes().duplicate().position(row % ROWS * width);
  }

  /** Copies a vector, {@code [D]}. */
  void copy(int row, float[] target) {
    if (inMemory()) {
      blocks.get(row / ROWS).vectors().get(row % ROWS * width, target, 0, width);
      return;
    }
    visit(new int[] {row}, 1, (i, vector) -> System.arraycopy(vector, 0, target, 0, width));
  }

  /** Reads the vectors of the first {@code count} rows of an array, in any order. */
  void visit(int[] wanted, int count, VectorFiles.Visitor visitor) {
    if (files.isPresent()) {
      files.get().read(wanted, count, visitor);
      return;
    }
    float[] vector = new float[width];
    for (int i = 0; i < count; i++) {
      copy(wanted[i], vector);
      visitor.visit(i, vector);
    }
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
    return (inMemory() ? 5L : 1L) * size * width
        + 8L * size
        + files.map(VectorFiles::bytes).orElse(0L);
  }

  @Override
  public void close() {
    blocks.forEach(block -> block.memory().close());
    files.ifPresent(VectorFiles::close);
  }
}
