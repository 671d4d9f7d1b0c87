package dev.weft.train;

import dev.weft.compute.Schedule;
import dev.weft.encode.CaptionForm;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Mix;
import dev.weft.train.HeadArchitecture.Preset;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Small training problems for tests.
 *
 * <p>An image is a choice of one of six values for each of four attributes; its vector has the code
 * of each value, side by side. All 1,296 images are in the table. A text names one attribute (in
 * four coordinates of its own) and a value for it, and has codes of random values in the places of
 * the other attributes.
 *
 * <p>In the sum of both, the value of the image and the value of the text count the same in every
 * place, so 16 images are equally near and recall at 1 is about 1/16; more weight on one side finds
 * the reference itself, or the random values. A gate per coordinate can take the named place from
 * the text and the rest from the image.
 */
final class Synthetic {
  private static final int ATTRIBUTES = 4;
  private static final int VALUES = 6;
  private static final int CODE = 8;
  private static final int IMAGES = VALUES * VALUES * VALUES * VALUES;
  static final int WIDTH = ATTRIBUTES * CODE + ATTRIBUTES;

  private Synthetic() {}

  /**
   * A table of rows, with one text in two caption forms each.
   *
   * @param rows rows
   * @param seed draws the rows; the images are the same for every seed
   */
  static TripletTable table(int rows, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    float[] images = new float[IMAGES * WIDTH];
    for (int image = 0; image < IMAGES; image++) {
      write(images, image, image);
    }
    float[] texts = new float[rows * WIDTH];
    int[] references = new int[rows];
    int[] targets = new int[rows];
    int[] captions = new int[2 * rows];
    for (int row = 0; row < rows; row++) {
      int attribute = random.nextInt(ATTRIBUTES);
      int place = (int) Math.pow(VALUES, attribute);
      int reference = random.nextInt(IMAGES);
      int old = reference / place % VALUES;
      int wanted = (old + 1 + random.nextInt(VALUES - 1)) % VALUES;
      int others = random.nextInt(IMAGES);
      references[row] = reference;
      targets[row] = reference + (wanted - old) * place;
      texts[row * WIDTH + ATTRIBUTES * CODE + attribute] = 1;
      write(texts, row, others + (wanted - others / place % VALUES) * place);
      captions[2 * row] = row;
      captions[2 * row + 1] = row;
    }
    return new TripletTable(WIDTH, 2, images, texts, references, targets, captions);
  }

  /**
   * A table of random unit vectors of any width: each row has its own reference, target and text.
   */
  static TripletTable random(int rows, int width, long seed) {
    int[] own = IntStream.range(0, rows).toArray();
    int[] next = IntStream.range(0, rows).map(row -> (row + 1) % rows).toArray();
    return new TripletTable(
        width,
        1,
        UnitRows.array(rows, width, seed),
        UnitRows.array(rows, width, seed + 1),
        own,
        next,
        own);
  }

  /** Writes the codes of an image into a row and makes the row one unit long. */
  private static void write(float[] vectors, int row, int image) {
    float[] codes = UnitRows.array(ATTRIBUTES * VALUES, CODE, 99);
    int values = image;
    for (int attribute = 0; attribute < ATTRIBUTES; attribute++) {
      int code = (attribute * VALUES + values % VALUES) * CODE;
      System.arraycopy(codes, code, vectors, row * WIDTH + attribute * CODE, CODE);
      values /= VALUES;
    }
    double square = 0;
    for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
      square += (double) vectors[i] * vectors[i];
    }
    for (int i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
      vectors[i] /= (float) Math.sqrt(square);
    }
  }

  /** Settings for a short run that keeps the state of every step. */
  static TrainConfig config(int epochs, int batchSize, double learningRate) {
    return config(epochs, batchSize, learningRate, /* clipNorm= */ 1, true, 1, 0);
  }

  /** As above with steps that each partition makes by itself. */
  static TrainConfig local(int epochs, int batchSize, double learningRate, int localSteps) {
    return config(epochs, batchSize, learningRate, /* clipNorm= */ 1, true, 1, localSteps);
  }

  /** Settings of the plain loss, without anything that a step can do besides. */
  static TrainConfig plain(int epochs, int batchSize) {
    return config(epochs, batchSize, 1e-3, /* clipNorm= */ 0, false, Integer.MAX_VALUE, 0);
  }

  private static TrainConfig config(
      int epochs,
      int batchSize,
      double learningRate,
      double clipNorm,
      boolean referenceAsNegative,
      int checkpointSteps,
      int localSteps) {
    return new TrainConfig(
        List.of(HeadKind.GATED),
        Gate.VECTOR,
        Mix.LINEAR,
        Preset.SMALL,
        4,
        2,
        epochs,
        batchSize,
        learningRate,
        Schedule.Course.COSINE,
        3,
        0.01,
        clipNorm,
        20,
        true,
        100,
        Objective.Direction.QUERY_TO_TARGET,
        referenceAsNegative,
        0,
        0,
        0,
        List.of(CaptionForm.FIRST_AND_SECOND, CaptionForm.SECOND_AND_FIRST),
        1,
        localSteps > 0 ? Sync.LOCAL : Sync.EVERY_STEP,
        Math.max(1, localSteps),
        Reduction.AUTO,
        checkpointSteps);
  }
}
