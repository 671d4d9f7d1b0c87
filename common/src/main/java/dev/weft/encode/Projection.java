package dev.weft.encode;

/**
 * A trained linear map from the vectors of a frozen tower into the common space.
 *
 * @param dimension D, the width of the result
 * @param weights {@code [inputs, D]}, row by row; not copied, so nobody may change it
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record Projection(int dimension, float[] weights) {

  public Projection {
    if (dimension < 1 || weights.length == 0 || weights.length % dimension != 0) {
      throw new IllegalArgumentException(
          "a projection to " + dimension + " has whole rows of it, found " + weights.length);
    }
  }

  /** Width of what it is applied to. */
  public int inputs() {
    return weights.length / dimension;
  }

  /**
   * Projects one vector.
   *
   * @param vector a vector of the tower, {@link #inputs} numbers
   * @return D numbers, unit length
   */
  public float[] apply(float[] vector) {
    float[] sums = new float[dimension];
    for (int row = 0; row < vector.length; row++) {
      for (int column = 0; column < dimension; column++) {
        sums[column] += vector[row] * weights[row * dimension + column];
      }
    }
    return UnitVector.of(sums);
  }

  /** Projects each vector by itself, in its place in the array. */
  public float[][] apply(float[][] vectors) {
    for (int i = 0; i < vectors.length; i++) {
      vectors[i] = apply(vectors[i]);
    }
    return vectors;
  }
}
