package dev.weft.compute;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Compares matrix products of the native library with plain Java, once per process.
 *
 * <p>A matrix library has own code for every family of processors, chosen as it is loaded. Where it
 * chooses wrongly, on a machine younger than itself or under a hypervisor that hides the caches, it
 * may give wrong numbers without an error; training would then go on with them.
 */
final class BlasCheck {
  // Not multiples of any register block, so that the code for edges runs too.
  private static final int ROWS = 75;
  private static final int COLUMNS = 69;
  private static final int INNER = 131;

  private BlasCheck() {}

  /**
   * @throws WeftException with {@link ExitCode#RESOURCE_MISSING} if a product is wrong
   */
  static void run() {
    for (DataType type : new DataType[] {DataType.FLOAT, DataType.DOUBLE}) {
      double[][] first = numbers(ROWS, INNER, 1);
      double[][] second = numbers(INNER, COLUMNS, 2);
      INDArray left = Nd4j.createFromArray(first).castTo(type);
      INDArray right = Nd4j.createFromArray(second).castTo(type);
      INDArray product = Nd4j.createUninitialized(type, new long[] {ROWS, COLUMNS}, 'f');
      MatrixProduct.add(left, right, product, 1, 0);
      require(product, first, second, type);
      MatrixProduct.addFirstTransposed(left.transpose().dup('c'), right, product, 1, 0);
      require(product, first, second, type);
      MatrixProduct.addSecondTransposed(left, right.transpose().dup('c'), product, 1, 0);
      require(product, first, second, type);
    }
  }

  static void require(INDArray product, double[][] first, double[][] second, DataType type) {
    double tolerance = type == DataType.FLOAT ? 1e-4 : 1e-12;
    for (int row = 0; row < ROWS; row++) {
      for (int column = 0; column < COLUMNS; column++) {
        double expected = 0;
        for (int i = 0; i < INNER; i++) {
          expected += first[row][i] * second[i][column];
        }
        double found = product.getDouble(row, column);
        if (!(Math.abs(found - expected) <= tolerance)) {
          throw new WeftException(
              ExitCode.RESOURCE_MISSING,
              "Cannot compute on this machine: its matrix library multiplies wrongly (%s numbers,"
                  + " row %d, column %d: %s instead of %s). Start with the environment variable"
                  + " OPENBLAS_CORETYPE=Haswell, which chooses code for older processors.",
              type,
              row,
              column,
              found,
              expected);
        }
      }
    }
  }

  /** Numbers from -1 to 1 without a pattern. */
  static double[][] numbers(int rows, int columns, int seed) {
    double[][] numbers = new double[rows][columns];
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < columns; j++) {
        numbers[i][j] = Math.sin(seed + 12.9898 * i + 78.233 * j);
      }
    }
    return numbers;
  }
}
