package dev.weft.index;

import dev.weft.compute.VectorModule;
import dev.weft.rank.ExactSearch;

/**
 * The inner loops of an index, in two forms with the same results: plain Java, and the processor's
 * vector registers where the vector module is there.
 */
interface Kernels {
  /** Numbers that must follow the products of a call, for reads beyond the last. */
  int SLACK = 16;

  /** What {@link #code} adds up by itself, before the sums are added. */
  int LANES = 8;

  /** Adding it leaves the nearest integer in the low bits: 1.5 * 2^23. */
  float ROUND = 12582912f;

  /**
   * Finds the products whose upper bound, {@code scale product + error allowance}, reaches their
   * column's threshold; a few that do not, by rounding, may be among them.
   *
   * @param products [rows, columns], then {@link #SLACK} more numbers of any value
   * @param bounds scale and error of row r at {@code first + r}
   * @param thresholds one per column, then infinity up to a multiple of 16
   * @param allowances one per column, finite up to a multiple of 16
   * @param found receives their places, {@code row * columns + column}; as long as all products
   * @return how many were found
   */
  int sift(
      int[] products,
      int rows,
      int columns,
      VectorBlocks.Bounds bounds,
      int first,
      float[] thresholds,
      float[] allowances,
      int[] found);

  /** See {@link RowCode#of}. */
  RowCode code(float[] vector, int limit, byte[] code);

  /** {@link ExactSearch#score}. */
  float score(float[] one, float[] other);

  /** The fastest form that runs here. */
  static Kernels best() {
    return Best.KERNELS;
  }

  /** Chosen by the class loader, once per process. */
  final class Best {
    private static final Kernels KERNELS =
        VectorModule.load("dev.weft.index.VectorKernels", Kernels.class)
            .orElseGet(PlainKernels::new);

    private Best() {}
  }

  /** Plain Java. */
  final class PlainKernels implements Kernels {
    @Override
    public int sift(
        int[] products,
        int rows,
        int columns,
        VectorBlocks.Bounds bounds,
        int first,
        float[] thresholds,
        float[] allowances,
        int[] found) {
      int count = 0;
      for (int row = 0; row < rows; row++) {
        int start = row * columns;
        float scale = bounds.scales()[first + row];
        float error = bounds.errors()[first + row];
        for (int column = 0; column < columns; column++) {
          if (products[start + column] * scale + error * allowances[column] >= thresholds[column]) {
            found[count++] = start + column;
          }
        }
      }
      return count;
    }

    @Override
    public RowCode code(float[] vector, int limit, byte[] code) {
      float largest = 0;
      for (float value : vector) {
        largest = Math.max(largest, Math.abs(value));
      }
      if (RowCode.tooSmall(largest, limit)) {
        return RowCode.zero(vector, code);
      }
      float scale = largest / limit;
      float inverse = limit / largest;
      float[] sums = new float[LANES];
      for (int i = 0; i < vector.length; i++) {
        float shifted = vector[i] * inverse + ROUND;
        code[i] = (byte) Float.floatToRawIntBits(shifted);
        float lost = vector[i] - scale * (shifted - ROUND);
        sums[i % LANES] += lost * lost;
      }
      return RowCode.of(scale, largest, vector.length, sums);
    }

    @Override
    public float score(float[] one, float[] other) {
      return ExactSearch.score(one, other);
    }
  }
}
