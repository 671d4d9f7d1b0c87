package dev.weft.encode;

import dev.weft.ingest.Picture;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * The passes in vector registers. Across, four rows are done at once: two registers take a pixel of
 * each, times the weight that they share, so that no lanes need to be added up. Needs {@code
 * --add-modules jdk.incubator.vector}, which Spark's launcher sets; the build compiles this class
 * by itself, for the reason its pom gives.
 */
final class VectorResizePasses implements ResizePasses {
  // All vector classes of Weft have 256 bits: several widths in one process spoil the compiler's
  // profiles of the module's shared methods, and it then allocates every vector.
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_64;
  private static final int LANES = 8;

  /** Rows that are done together. */
  private static final int ROWS = 4;

  /** Bytes of a pixel of each: nothing, blue, green and red, row after row. */
  private static final int GROUP = 4 * ROWS;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle WORDS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle BIG_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  VectorResizePasses() {
    if (VectorShape.preferredShape().vectorBitSize() < INTS.vectorBitSize()) {
      throw new UnsupportedOperationException("the registers are too short");
    }
  }

  @Override
  public byte[] across(Picture in, int top, int bottom, ResizeKernel kernel) {
    int start = kernel.start();
    int width = kernel.end() - start;
    int longest = kernel.longest();
    int[] weights = padded(kernel, longest);
    int[] first = Arrays.stream(kernel.first()).map(pixel -> GROUP * (pixel - start)).toArray();
    int[] words = new int[ROWS * width];
    byte[] groups = new byte[GROUP * (width + longest)]; // the padded weights reach beyond
    byte[] line = new byte[GROUP * kernel.size()];
    byte[] out = new byte[3 * kernel.size() * (bottom - top)];
    for (int y = top; y < bottom; y += ROWS) {
      int rows = Math.min(ROWS, bottom - y);
      for (int row = 0; row < rows; row++) { // behind the last row come words of those before
        in.row(y + row, start, width, words, row * width);
      }
      group(words, width, groups);
      across(groups, first, weights, longest, line);
      for (int row = 0; row < rows; row++) {
        take(line, row, kernel.size(), out, 3 * kernel.size() * (y + row - top));
      }
    }
    return out;
  }

  private static void group(int[] words, int width, byte[] groups) {
    for (int x = 0; x < width; x++) {
      LONGS.set(groups, GROUP * x, pair(words[x], words[width + x]));
      LONGS.set(groups, GROUP * x + LANES, pair(words[2 * width + x], words[3 * width + x]));
    }
  }

  private static long pair(int first, int second) {
    return (first & 0xFFFFFFFFL) | (long) second << Integer.SIZE;
  }

  private static void across(byte[] groups, int[] first, int[] weights, int longest, byte[] line) {
    int next = 0;
    for (int x = 0; x < first.length; x++) {
      int at = first[x];
      IntVector upper = IntVector.broadcast(INTS, ResizeKernel.HALF);
      IntVector lower = upper;
      for (int end = next + longest; next < end; next++) {
        int weight = weights[next];
        upper = upper.add(load(groups, at).mul(weight));
        lower = lower.add(load(groups, at + LANES).mul(weight));
        at += GROUP;
      }
      clipped(upper).intoArray(line, GROUP * x);
      clipped(lower).intoArray(line, GROUP * x + LANES);
    }
  }

  /** Copies one of the rows; each store but the last reaches into the next pixel. */
  private static void take(byte[] line, int row, int pixels, byte[] out, int to) {
    int last = pixels - 1;
    for (int x = 0; x < last; x++) {
      BIG_ENDIAN.set(out, to + 3 * x, (int) WORDS.get(line, GROUP * x + 4 * row));
    }
    int word = (int) WORDS.get(line, GROUP * last + 4 * row);
    out[to + 3 * last] = (byte) (word >> 24);
    out[to + 3 * last + 1] = (byte) (word >> 16);
    out[to + 3 * last + 2] = (byte) (word >> 8);
  }

  /** The weights of each output, filled up with zeros to the same length. */
  private static int[] padded(ResizeKernel kernel, int longest) {
    int[] padded = new int[kernel.size() * longest];
    for (int x = 0; x < kernel.size(); x++) {
      int[] weights = kernel.weights()[x];
      System.arraycopy(weights, 0, padded, x * longest, weights.length);
    }
    return padded;
  }

  @Override
  public byte[] down(byte[] in, int length, int top, ResizeKernel kernel) {
    byte[] out = new byte[length * kernel.size()];
    int whole = length - length % LANES;
    for (int y = 0; y < kernel.size(); y++) {
      int from = (kernel.first()[y] - top) * length;
      int[] weights = kernel.weights()[y];
      for (int i = 0; i < whole; i += LANES) {
        sum(in, from + i, length, weights).intoArray(out, y * length + i);
      }
      Plain.sum(in, from, length, weights, out, y * length, whole);
    }
    return out;
  }

  private static ByteVector sum(byte[] in, int from, int length, int[] weights) {
    IntVector sums = IntVector.broadcast(INTS, ResizeKernel.HALF);
    int at = from;
    for (int weight : weights) {
      sums = sums.add(load(in, at).mul(weight));
      at += length;
    }
    return clipped(sums);
  }

  /** Fixed-point sums as bytes. */
  private static ByteVector clipped(IntVector sums) {
    IntVector clipped =
        sums.lanewise(VectorOperators.ASHR, ResizeKernel.FRACTION_BITS).max(0).min(255);
    return (ByteVector) clipped.convertShape(VectorOperators.I2B, BYTES, 0);
  }

  /** Bytes as integers, 0 to 255. */
  private static IntVector load(byte[] bytes, int at) {
    return ((IntVector)
            ByteVector.fromArray(BYTES, bytes, at).convertShape(VectorOperators.B2I, INTS, 0))
        .and(0xff);
  }
}
