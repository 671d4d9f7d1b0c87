package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.rank.ExactSearch;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class KernelsTest {
  private static final Kernels PLAIN = new Kernels.PlainKernels();
  private static final Kernels FAST = Kernels.best();

  private final SplittableRandom random = new SplittableRandom(9);

  @Test
  void codesAreTheSameInBothFormsAndLoseNoMoreThanTheySay() {
    for (int width : new int[] {1, 7, 8, 64, 512, 513}) {
      for (int limit : new int[] {64, 127}) {
        float[] vector = Samples.unit(random, width);
        byte[] plain = new byte[width];
        byte[] fast = new byte[width];
        RowCode made = PLAIN.code(vector, limit, plain);
        assertThat(FAST.code(vector, limit, fast)).isEqualTo(made);
        assertThat(fast).isEqualTo(plain);
        double lost = 0;
        for (int i = 0; i < width; i++) {
          assertThat((int) plain[i]).isBetween(-limit, limit);
          double one = vector[i] - (double) made.scale() * plain[i];
          lost += one * one;
        }
        assertThat(Math.sqrt(lost)).isLessThanOrEqualTo(made.error());
        assertThat((double) made.error()).isLessThan(1.01 * Math.sqrt(lost) + 1e-5);
      }
    }
    assertThat(FAST.code(new float[16], 127, new byte[16]))
        .isEqualTo(PLAIN.code(new float[16], 127, new byte[16]));
  }

  @Test
  void scoresAreThoseOfTheDefinitionToTheBit() {
    for (int width = 1; width < 70; width++) {
      float[] one = Samples.unit(random, width);
      float[] other = Samples.unit(random, width);
      assertThat(FAST.score(one, other)).isEqualTo(ExactSearch.score(one, other));
    }
  }

  @Test
  void bothFormsFindWhatReachesItsThreshold() {
    for (int columns : new int[] {1, 5, 16, 33, 64}) {
      int rows = 50;
      int[] products = new int[rows * columns + Kernels.SLACK];
      VectorBlocks.Bounds bounds = new VectorBlocks.Bounds(new float[60], new float[60]);
      for (int i = 0; i < rows * columns; i++) {
        products[i] = random.nextInt(-100_000, 100_000);
      }
      for (int row = 0; row < 60; row++) {
        bounds.scales()[row] = (float) random.nextDouble(1e-3, 2e-3);
        bounds.errors()[row] = (float) random.nextDouble(0.01);
      }
      float[] thresholds = new float[64];
      float[] allowances = new float[64];
      Arrays.fill(thresholds, Float.POSITIVE_INFINITY);
      for (int column = 0; column < columns; column++) {
        thresholds[column] = (float) random.nextDouble(-200, 200);
        allowances[column] = 10;
      }
      thresholds[0] = Float.NEGATIVE_INFINITY;
      int[] plain = new int[rows * columns];
      int[] fast = new int[rows * columns];
      int count = PLAIN.sift(products, rows, columns, bounds, 7, thresholds, allowances, plain);
      assertThat(count).isGreaterThanOrEqualTo(rows);
      assertThat(FAST.sift(products, rows, columns, bounds, 7, thresholds, allowances, fast))
          .isEqualTo(count);
      assertThat(fast).isEqualTo(plain);
    }
  }
}
