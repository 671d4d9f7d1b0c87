package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.weft.OwnProcess;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/** Products large enough to be cut, and small ones, against sums in float64. */
class MatrixProductTest {
  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  @ParameterizedTest
  @CsvSource({
    "3, 5, 4, f",
    "1, 1, 1, c",
    "300, 129, 301, f",
    "300, 129, 301, c",
    "65, 33, 1024, f",
    "1, 2000, 600, c",
    "2000, 1, 600, f"
  })
  void everyFormIsTheSumOfItsProducts(int rows, int columns, int inner, char order) {
    INDArray first = matrix(rows, inner, order, 1);
    INDArray second = matrix(inner, columns, order, 2);

    INDArray sum = padded(rows, columns);
    MatrixProduct.add(first, second, sum, 2, 0);
    require(sum, first, second, 2);
    MatrixProduct.add(first, second, sum, 1, 0.5);
    require(sum, first, second, 2);

    MatrixProduct.addFirstTransposed(first.transpose().dup(order), second, sum, 3, 0);
    require(sum, first, second, 3);
    MatrixProduct.addSecondTransposed(first, second.transpose().dup(order), sum, -1, 0);
    require(sum, first, second, -1);

    require(MatrixProduct.of(first, second), first, second, 1);
    require(
        MatrixProduct.ofFirstTransposed(first.transpose().dup(order), second), first, second, 1);
  }

  @Test
  void theBitsAreTheSameOnAnyNumberOfThreads() throws Exception {
    String onOne = onThreads(1);
    assertThat(onOne).startsWith("threads 1 ");
    for (int threads : new int[] {2, 3, 5}) {
      assertThat(onThreads(threads)).isEqualTo(onOne.replace("threads 1", "threads " + threads));
    }
  }

  private static String onThreads(int threads) throws Exception {
    Map<String, String> environment = Map.of("OMP_NUM_THREADS", "" + threads);
    return OwnProcess.output(MatrixProductTest.class, List.of(), environment);
  }

  /** Prints the bits of products of many sizes, and of a length. */
  public static void main(String[] arguments) {
    NativeBackend.load();
    int bits = 0;
    SplittableRandom random = new SplittableRandom(3);
    for (int i = 0; i < 20; i++) {
      int inner = random.nextInt(1, 700);
      INDArray first = matrix(random.nextInt(1, 700), inner, 'f', i);
      INDArray second = matrix(inner, random.nextInt(1, 700), 'f', -i);
      INDArray product = MatrixProduct.of(first, second);
      bits = 31 * bits + Arrays.hashCode(NativeVectors.array(product));
      bits = 31 * bits + Double.hashCode(NativeVectors.norm(product));
    }
    System.out.println("threads " + NativeBackend.load().threads() + " bits " + bits);
  }

  /** The matrix lies within a larger buffer, as the tiles of a step do. */
  private static INDArray padded(int rows, int columns) {
    INDArray buffer = Nd4j.createUninitialized(DataType.FLOAT, 7L + (long) rows * columns);
    long[] shape = {rows, columns};
    return Nd4j.create(buffer.data(), shape, new long[] {1, rows}, 7, 'f');
  }

  private static INDArray matrix(int rows, int columns, char order, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[][] values = new double[rows][columns];
    for (double[] row : values) {
      for (int column = 0; column < columns; column++) {
        row[column] = random.nextDouble(-1, 1);
      }
    }
    return Nd4j.createFromArray(values).castTo(DataType.FLOAT).dup(order);
  }

  private static void require(INDArray product, INDArray first, INDArray second, double factor) {
    double[][] a = first.toDoubleMatrix();
    double[][] b = second.toDoubleMatrix();
    double[][] found = product.toDoubleMatrix();
    assertThat(found).hasNumberOfRows(a.length);
    for (int row = 0; row < a.length; row++) {
      for (int column = 0; column < b[0].length; column++) {
        double expected = 0;
        for (int i = 0; i < b.length; i++) {
          expected += factor * a[row][i] * b[i][column];
        }
        assertThat(found[row][column])
            .describedAs("row %d, column %d", row, column)
            .isCloseTo(expected, within(1e-3));
      }
    }
  }
}
