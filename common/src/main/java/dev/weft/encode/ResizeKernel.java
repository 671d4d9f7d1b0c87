package dev.weft.encode;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The weights of one pass of {@link Resize}, for a range of its outputs.
 *
 * @param first the first source pixel of each output pixel
 * @param weights of the source pixels from there on, fixed point of {@link #FRACTION_BITS}
 */
@SuppressWarnings("ArrayRecordComponent") // private to the inner loops
record ResizeKernel(int[] first, int[][] weights) {
  /** 32 bits less 8 of the pixel and 2 of head room, as negative lobes overshoot. */
  static final int FRACTION_BITS = 32 - 8 - 2;

  /** Added before the fraction is cut off, so that it is rounded. */
  static final int HALF = 1 << (FRACTION_BITS - 1);

  /** Kernels of the sizes that were met last: the pictures of a catalogue have few. */
  private static final int MOST_KEPT = 64;

  private static final Map<Key, ResizeKernel> KEPT =
      new LinkedHashMap<>(MOST_KEPT, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, ResizeKernel> eldest) {
          return size() > MOST_KEPT;
        }
      };

  private record Key(int inSize, int outSize, int from, int count, Resample resample) {}

  /**
   * The weights of outputs.
   *
   * @param inSize pixels before
   * @param outSize pixels after
   * @param from the first output wanted
   * @param count how many are
   */
  static ResizeKernel of(int inSize, int outSize, int from, int count, Resample resample) {
    synchronized (KEPT) {
      return KEPT.computeIfAbsent(
          new Key(inSize, outSize, from, count, resample),
          key -> compute(inSize, outSize, from, count, resample));
    }
  }

  private static ResizeKernel compute(
      int inSize, int outSize, int from, int count, Resample resample) {
    int[] first = new int[count];
    int[][] weights = new int[count][];
    if (inSize == outSize) { // Pillow leaves the pass out
      Arrays.setAll(first, i -> from + i);
      Arrays.setAll(weights, i -> new int[] {1 << FRACTION_BITS});
      return new ResizeKernel(first, weights);
    }
    double scale = (double) inSize / outSize;
    double stretch = Math.max(scale, 1);
    double support = resample.radius() * stretch;
    double inverse = 1 / stretch;
    for (int i = 0; i < count; i++) {
      double center = (from + i + 0.5) * scale;
      int low = Math.max((int) (center - support + 0.5), 0);
      int high = Math.min((int) (center + support + 0.5), inSize);
      first[i] = low;
      weights[i] = normalized(resample, low, high - low, center, inverse);
    }
    return new ResizeKernel(first, weights);
  }

  private static int[] normalized(
      Resample resample, int from, int count, double center, double inverse) {
    double[] exact = new double[count];
    double sum = 0;
    for (int i = 0; i < count; i++) {
      exact[i] = resample.weight((i + from - center + 0.5) * inverse);
      sum += exact[i];
    }
    int[] fixed = new int[count];
    for (int i = 0; i < count; i++) {
      double weight = sum == 0 ? exact[i] : exact[i] / sum;
      fixed[i] = (int) (Math.copySign(0.5, weight) + weight * (1 << FRACTION_BITS));
    }
    return fixed;
  }

  /** How many outputs. */
  int size() {
    return first.length;
  }

  /** The first source pixel that any output needs. */
  int start() {
    return first[0];
  }

  /** One more than the last source pixel that any output needs. */
  int end() {
    return first[size() - 1] + weights[size() - 1].length;
  }

  /** Most source pixels of an output. */
  int longest() {
    return Arrays.stream(weights).mapToInt(row -> row.length).max().orElseThrow();
  }
}
