package dev.weft.train;

import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Random unit vectors for tests, drawn by a seed. */
final class UnitRows {
  private UnitRows() {}

  /** Float64 rows, {@code [rows, width]}. */
  static INDArray matrix(int rows, int width, long seed) {
    double[] values = new double[rows * width];
    float[] floats = array(rows, width, seed);
    for (int i = 0; i < values.length; i++) {
      values[i] = floats[i];
    }
    return FusionHead.normalizeRows(Nd4j.createFromArray(values).reshape(rows, width));
  }

  /** Rows one after the other. */
  static float[] array(int rows, int width, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] values = new float[rows * width];
    for (int row = 0; row < rows; row++) {
      double square = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        values[i] = (float) (2 * random.nextDouble() - 1);
        square += (double) values[i] * values[i];
      }
      for (int i = row * width; i < (row + 1) * width; i++) {
        values[i] /= (float) Math.sqrt(square);
      }
    }
    return values;
  }
}
