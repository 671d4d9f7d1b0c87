package dev.weft.train;

import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Mix;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Small training problems for tests.
 *
 * <p>An image has four attributes of six values; its vector is one code per attribute, side by
 * side, with noise. A text asks for one other value of one attribute, and its vector is the code of
 * that value in the place of the attribute. The sum of both keeps the old value beside the new; a
 * gate per coordinate can take it out.
 */
final class Synthetic {
  static final int ATTRIBUTES = 4;
  static final int CODE = 8;
  static final int WIDTH = ATTRIBUTES * CODE;
  private static final int VALUES = 6;
  private static final double NOISE = 0.05;

  private Synthetic() {}

  /**
   * A table of rows with their own images and texts, one caption form twice.
   *
   * @param rows rows
   * @param seed draws the rows; the codes are the same for every seed
   */
  static TripletTable table(int rows, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] codes = UnitRows.array(ATTRIBUTES * VALUES, CODE, 99);
    float[] images = new float[2 * rows * WIDTH];
    float[] texts = new float[rows * WIDTH];
    int[] references = new int[rows];
    int[] targets = new int[rows];
    int[] captions = new int[2 * rows];
    for (int row = 0; row < rows; row++) {
      int[] values = random.ints(ATTRIBUTES, 0, VALUES).toArray();
      int changed = random.nextInt(ATTRIBUTES);
      write(images, 2 * row, codes, values, random);
      values[changed] = (values[changed] + 1 + random.nextInt(VALUES - 1)) % VALUES;
      write(images, 2 * row + 1, codes, values, random);
      System.arraycopy(
          codes,
          (changed * VALUES + values[changed]) * CODE,
          texts,
          row * WIDTH + changed * CODE,
          CODE);
      references[row] = 2 * row;
      targets[row] = 2 * row + 1;
      captions[2 * row] = row;
      captions[2 * row + 1] = row;
    }
    return new TripletTable(WIDTH, 2, images, texts, references, targets, captions);
  }

  private static void write(
      float[] images, int image, float[] codes, int[] values, SplittableRandom random) {
    double square = 0;
    for (int i = 0; i < WIDTH; i++) {
      int attribute = i / CODE;
      float code = codes[(attribute * VALUES + values[attribute]) * CODE + i % CODE];
      images[image * WIDTH + i] = (float) (code + NOISE * (2 * random.nextDouble() - 1));
      square += (double) images[image * WIDTH + i] * images[image * WIDTH + i];
    }
    for (int i = 0; i < WIDTH; i++) {
      images[image * WIDTH + i] /= (float) Math.sqrt(square);
    }
  }

  /** Settings for a short run. */
  static TrainConfig config(int epochs, int batchSize, double learningRate) {
    return new TrainConfig(
        List.of(HeadKind.GATED),
        Gate.VECTOR,
        Mix.LINEAR,
        1,
        2,
        0.2,
        epochs,
        batchSize,
        learningRate,
        Schedule.Course.COSINE,
        3,
        0.01,
        1,
        20,
        true,
        100,
        true,
        List.of(CaptionForm.FORWARD, CaptionForm.REVERSE),
        1,
        1);
  }
}
