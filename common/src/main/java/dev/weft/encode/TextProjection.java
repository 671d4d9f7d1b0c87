package dev.weft.encode;

/**
 * The trained linear map from the vectors of the frozen text tower into the common space.
 *
 * @param dimension D
 * @param weights {@code [384, D]}, row by row; not copied, so nobody may change it
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record TextProjection(int dimension, float[] weights) {

  public TextProjection {
    if (dimension < 1 || weights.length != BgeTextTower.DIMENSION * dimension) {
      throw new IllegalArgumentException(
          "a projection to " + dimension + " has 384 rows of it, found " + weights.length);
    }
  }

  /**
   * Projects one vector.
   *
   * @param text a vector of the text tower, 384 numbers
   * @return D numbers, unit length
   */
  public float[] apply(float[] text) {
    float[] sums = new float[dimension];
    for (int row = 0; row < text.length; row++) {
      for (int column = 0; column < dimension; column++) {
        sums[column] += text[row] * weights[row * dimension + column];
      }
    }
    return UnitVector.of(sums);
  }
}
