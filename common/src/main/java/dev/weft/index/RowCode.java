package dev.weft.index;

import java.util.Arrays;

/**
 * A vector in 8 bits per value: {@code x = scale c + e} with integers c of at most a limit.
 *
 * <p>The inner product of two vectors is that of their codes within
 *
 * <pre>  |x.q - scale_x scale_q c_x.c_q| &lt;= |e_x| |q^| + |x| |e_q|,   q^ = scale_q c_q</pre>
 *
 * <p>by Cauchy and Schwarz. {@link #error} bounds |e| from above, so candidates that the codes rule
 * out are ruled out for certain.
 *
 * @param scale value of one unit of the code, above 0
 * @param error at least the length of what rounding lost
 */
record RowCode(float scale, float error) {
  /** Largest absolute value of a stored code. */
  static final int LIMIT = 127;

  /** Covers, many times, the rounding of a sum of up to 10,000 squares in float32. */
  private static final double INFLATION = 1 + 1e-3;

  /**
   * Codes a vector.
   *
   * @param vector finite
   * @param limit largest absolute value of a code, at most {@value #LIMIT}
   * @param code receives one signed byte per value
   */
  static RowCode of(float[] vector, int limit, byte[] code) {
    return Kernels.best().code(vector, limit, code);
  }

  /**
   * From what was lost.
   *
   * @param largest largest absolute value of the vector
   * @param width D
   * @param sums of the squares of what was lost
   */
  static RowCode of(float scale, float largest, int width, float[] sums) {
    double sum = 0;
    for (float part : sums) {
      sum += part;
    }
    double rounding = 0x1p-22 * largest * Math.sqrt(width); // of each value's loss
    return new RowCode(scale, (float) (Math.sqrt(sum) * INFLATION + rounding));
  }

  /** Whether a vector is zero, or too small to be divided by. */
  static boolean tooSmall(float largest, int limit) {
    return !(largest / limit >= Float.MIN_NORMAL);
  }

  /** The code of such a vector. */
  static RowCode zero(float[] vector, byte[] code) {
    Arrays.fill(code, 0, vector.length, (byte) 0);
    return new RowCode(1, (float) (Math.sqrt(square(vector)) * INFLATION + 1e-30));
  }

  /** Squared length in float64. */
  static double square(float[] vector) {
    double sum = 0;
    for (float value : vector) {
      sum += (double) value * value;
    }
    return sum;
  }
}
