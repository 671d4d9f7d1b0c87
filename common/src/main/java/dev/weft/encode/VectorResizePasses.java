package dev.weft.encode;

import java.util.Arrays;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/**
 * The passes in vector registers. Across, a register takes the three colours of two neighbouring
 * pixels at once, each times its weight. Needs {@code --add-modules jdk.incubator.vector}, which
 * Spark's launcher sets; the build compiles this class by itself, for the reason its pom gives.
 */
final class VectorResizePasses implements ResizePasses {
  // All vector classes of Weft have 256 bits: several widths in one process spoil the compiler's
  // profiles of the module's shared methods, and it then allocates every vector.
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
  private static final VectorSpecies<Byte> BYTES = ByteVector.SPECIES_64;
  private static final int LANES = 8;

  /** Whole pixels of a register. */
  private static final int PIXELS = 2;

  /** Brings the colours of the second pixel to the places of the first. */
  private static final VectorShuffle<Integer> SECOND_PIXEL =
      VectorShuffle.fromValues(INTS, 3, 4, 5, 3, 4, 5, 6, 7);

  VectorResizePasses() {
    if (VectorShape.preferredShape().vectorBitSize() < INTS.vectorBitSize()) {
      throw new UnsupportedOperationException("the registers are too short");
    }
  }

  @Override
  public byte[] across(byte[] in, int width, int top, int bottom, ResizeKernel kernel) {
    int groups = (kernel.longest() + PIXELS - 1) / PIXELS;
    int[] weights = lanes(kernel, groups);
    byte[] row = new byte[3 * (width + groups * PIXELS) + LANES]; // a group may reach beyond
    byte[] line = new byte[3 * kernel.size() + LANES]; // as the last store reaches beyond
    byte[] out = new byte[3 * kernel.size() * (bottom - top)];
    for (int y = top; y < bottom; y++) {
      System.arraycopy(in, 3 * y * width, row, 0, 3 * width);
      across(row, kernel.first(), weights, groups, line);
      System.arraycopy(line, 0, out, 3 * kernel.size() * (y - top), 3 * kernel.size());
    }
    return out;
  }

  private static void across(byte[] row, int[] first, int[] weights, int groups, byte[] line) {
    int weight = 0;
    int to = 0;
    for (int pixel : first) {
      int at = 3 * pixel;
      IntVector sums = IntVector.zero(INTS);
      for (int group = 0; group < groups; group++) {
        sums = sums.add(load(row, at).mul(IntVector.fromArray(INTS, weights, weight)));
        at += 3 * PIXELS;
        weight += LANES;
      }
      // The next pixel overwrites the five lanes behind the three colours.
      clipped(sums.add(sums.rearrange(SECOND_PIXEL)).add(ResizeKernel.HALF)).intoArray(line, to);
      to += 3;
    }
  }

  /** For each output its weights, three times each, in registers that end with zeros. */
  private static int[] lanes(ResizeKernel kernel, int groups) {
    int[] lanes = new int[kernel.size() * groups * LANES];
    for (int x = 0; x < kernel.size(); x++) {
      int[] weights = kernel.weights()[x];
      for (int i = 0; i < weights.length; i++) {
        int at = (x * groups + i / PIXELS) * LANES + 3 * (i % PIXELS);
        Arrays.fill(lanes, at, at + 3, weights[i]);
      }
    }
    return lanes;
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
