package dev.weft.index;

import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops in vector registers. Needs {@code --add-modules jdk.incubator.vector}, which Spark's
 * launcher sets; the build compiles this class by itself, for the reason its pom gives.
 */
final class VectorKernels implements Kernels {
  // One width of floats in a process: where C2 meets two, it puts vectors on the heap.
  private static final VectorSpecies<Integer> INTS = IntVector.SPECIES_256;
  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_256;
  private static final int GROUP = 32; // columns looked at one by one when one of them reaches
  private static final PlainKernels PLAIN = new PlainKernels();

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
      float scale = bounds.scales()[first + row];
      float error = bounds.errors()[first + row];
      int start = row * columns;
      for (int from = 0; from < columns; from += GROUP) {
        int to = Math.min(columns, from + GROUP);
        if (!reached(products, start, from, to, scale, error, thresholds, allowances)) {
          continue;
        }
        for (int few = from; few < to; few += LANES) {
          int end = Math.min(to, few + LANES);
          if (!reached(products, start, few, end, scale, error, thresholds, allowances)) {
            continue;
          }
          for (int column = few; column < end; column++) {
            float product = products[start + column] * scale;
            if (product + error * allowances[column] >= thresholds[column]) {
              found[count++] = start + column;
            }
          }
        }
      }
    }
    return count;
  }

  /** Whether any column does. A difference has the sign of the comparison. */
  private static boolean reached(
      int[] products,
      int start,
      int from,
      int to,
      float scale,
      float error,
      float[] thresholds,
      float[] allowances) {
    FloatVector greatest = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    FloatVector scales = FloatVector.broadcast(FLOATS, scale);
    FloatVector errors = FloatVector.broadcast(FLOATS, error);
    for (int column = from; column < to; column += INTS.length()) {
      FloatVector product =
          (FloatVector)
              IntVector.fromArray(INTS, products, start + column).convert(VectorOperators.I2F, 0);
      greatest =
          greatest.max(
              product.fma(
                  scales,
                  FloatVector.fromArray(FLOATS, allowances, column)
                      .fma(errors, FloatVector.fromArray(FLOATS, thresholds, column).neg())));
    }
    return greatest.compare(VectorOperators.GE, 0f).anyTrue(); // nothing else may touch the mask
  }

  @Override
  public RowCode code(float[] vector, int limit, byte[] code) {
    if (vector.length % LANES != 0) {
      return PLAIN.code(vector, limit, code);
    }
    FloatVector greatest = FloatVector.zero(FLOATS);
    for (int i = 0; i < vector.length; i += LANES) {
      greatest = greatest.max(FloatVector.fromArray(FLOATS, vector, i).abs());
    }
    float largest = greatest.reduceLanes(VectorOperators.MAX);
    if (RowCode.tooSmall(largest, limit)) {
      return RowCode.zero(vector, code);
    }
    float scale = largest / limit;
    float inverse = limit / largest;
    FloatVector sums = FloatVector.zero(FLOATS);
    for (int i = 0; i < vector.length; i += LANES) {
      FloatVector values = FloatVector.fromArray(FLOATS, vector, i);
      FloatVector shifted = values.mul(inverse).add(ROUND);
      FloatVector lost = values.sub(shifted.sub(ROUND).mul(scale));
      sums = sums.add(lost.mul(lost));
      ByteVector bytes =
          (ByteVector)
              shifted
                  .reinterpretAsInts()
                  .convertShape(VectorOperators.I2B, ByteVector.SPECIES_64, 0);
      bytes.intoArray(code, i);
    }
    return RowCode.of(scale, largest, vector.length, sums.toArray());
  }

  @Override
  public float score(float[] one, float[] other) {
    DoubleVector sums = DoubleVector.zero(DoubleVector.SPECIES_256);
    int next = 0;
    for (; next + LANES <= one.length; next += 4) { // of eight values the first four are taken
      // Products of float32 values are exact in float64, so adding them fused changes nothing.
      sums = wide(one, next).fma(wide(other, next), sums);
    }
    double[] lanes = sums.toArray();
    int fours = one.length & ~3;
    for (int i = next; i < one.length; i++) {
      lanes[i < fours ? i & 3 : 0] += (double) one[i] * other[i];
    }
    return (float) ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + 0f; // -0 becomes 0
  }

  /** Four values; a conversion of the other half of a register would be done in plain Java. */
  private static DoubleVector wide(float[] values, int from) {
    return (DoubleVector)
        FloatVector.fromArray(FLOATS, values, from)
            .convertShape(VectorOperators.F2D, DoubleVector.SPECIES_256, 0);
  }
}
