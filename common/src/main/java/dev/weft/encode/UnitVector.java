package dev.weft.encode;

/** Scales vectors to length 1, so that an inner product is a cosine. */
public final class UnitVector {
  private UnitVector() {}

  /**
   * The vector at unit length; the zero vector stays zero.
   *
   * @return a new array, of the same length
   */
  public static float[] of(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    double scale = squares == 0 ? 0 : 1 / Math.sqrt(squares);
    float[] unit = new float[vector.length];
    for (int i = 0; i < vector.length; i++) {
      unit[i] = (float) (vector[i] * scale);
    }
    return unit;
  }
}
