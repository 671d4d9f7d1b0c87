package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ByteProductTest {
  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }

  @Test
  void productsAreExactAtTheLargestValuesToo() {
    SplittableRandom random = new SplittableRandom(1);
    int limit = ByteProduct.largestSecond();
    for (int[] shape : new int[][] {{1, 1, 1}, {7, 33, 5}, {130, 512, 17}, {64, 768, 64}}) {
      int rows = shape[0];
      int width = shape[1];
      int columns = shape[2];
      ByteBuffer first = direct(3 + rows * width).position(3); // a view into a block
      ByteBuffer second = direct(width * columns);
      int[][] a = new int[rows][width];
      int[][] b = new int[width][columns];
      for (int i = 0; i < rows; i++) {
        for (int k = 0; k < width; k++) {
          a[i][k] = i == 0 ? 127 : random.nextInt(-127, 128);
          first.put(3 + i * width + k, (byte) (a[i][k] + ByteProduct.ZERO));
        }
      }
      for (int k = 0; k < width; k++) {
        for (int j = 0; j < columns; j++) {
          b[k][j] = j == 0 ? limit : random.nextInt(-limit, limit + 1);
          second.put(k * columns + j, (byte) b[k][j]);
        }
      }
      IntBuffer result = direct(4 * rows * columns).asIntBuffer();

      ByteProduct.multiply(first, second, result, rows, width, columns);

      for (int i = 0; i < rows; i++) {
        for (int j = 0; j < columns; j++) {
          int sum = 0;
          for (int k = 0; k < width; k++) {
            sum += a[i][k] * b[k][j];
          }
          assertThat(result.get(i * columns + j)).as("%d, %d", i, j).isEqualTo(sum);
        }
      }
    }
  }
}
