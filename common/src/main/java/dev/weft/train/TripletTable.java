package dev.weft.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.NativeVectors;
import dev.weft.compute.ParallelRows;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The training triplets as every worker holds them: distinct vectors of images and texts, and for
 * each row which of them it uses; if they were mined, also hard negatives of each row.
 *
 * <p>Dimensions: N = distinct images, S = distinct texts, R = rows, F = caption forms, K = hard
 * negatives of a row, D = embedding width. An image number is also its identity: rows with the same
 * target number have the same target.
 *
 * <p>Instances are immutable and safe to share between threads.
 */
public final class TripletTable {
  private static final int MAGIC = 0x54544657; // "WFTT" in little-endian bytes
  private static final int HEADER_INTS = 7;
  private static final double UNIT_TOLERANCE = 1e-3;

  private final int dimension;
  private final int forms;
  private final float[] images; // [N, D]
  private final float[] texts; // [S, D]
  private final int[] references; // [R]
  private final int[] targets; // [R]
  private final int[] captions; // [R, F]
  private final int hardNegatives; // K
  private final int[] negatives; // [R, K], -1 for none

  /**
   * @param dimension embedding width D
   * @param forms caption forms F of every row
   * @param images vectors of the distinct images, N D numbers, unit length
   * @param texts vectors of the distinct texts, S D numbers, unit length
   * @param references image number of the reference of each row
   * @param targets image number of the target of each row
   * @param captions text numbers of the forms of each row, R F numbers
   */
  public TripletTable(
      int dimension,
      int forms,
      float[] images,
      float[] texts,
      int[] references,
      int[] targets,
      int[] captions) {
    this(dimension, forms, images, texts, references, targets, captions, 0, new int[0]);
  }

  /**
   * As above, with mined negatives.
   *
   * @param hardNegatives hard negatives K of every row
   * @param negatives their image numbers, R K numbers, the hardest of a row first; -1 where a row
   *     has fewer
   */
  public TripletTable(
      int dimension,
      int forms,
      float[] images,
      float[] texts,
      int[] references,
      int[] targets,
      int[] captions,
      int hardNegatives,
      int[] negatives) {
    this.dimension = dimension;
    this.forms = forms;
    this.images = images.clone();
    this.texts = texts.clone();
    this.references = references.clone();
    this.targets = targets.clone();
    this.captions = captions.clone();
    this.hardNegatives = hardNegatives;
    this.negatives = negatives.clone();
    if (references.length == 0) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot train a head: there is not one training triplet with a reference, a text and a"
              + " target vector. Look at the report of ingest, and at which split it read.");
    }
    requireShape(targets.length == references.length, "as many targets as references");
    requireShape(captions.length == references.length * forms, "a text for each row and form");
    requireUnitRows(this.images, "image");
    requireUnitRows(this.texts, "text");
    requireShape(
        negatives.length == references.length * hardNegatives, "K hard negatives for each row");
    requireWithin(
        Arrays.stream(negatives).map(n -> Math.max(n, 0)).toArray(),
        this.images.length / dimension,
        "hard negative");
    requireWithin(this.references, this.images.length / dimension, "reference");
    requireWithin(this.targets, this.images.length / dimension, "target");
    requireWithin(this.captions, this.texts.length / dimension, "text");
  }

  /**
   * The first rows on the same vectors, changed so that every kind of negative is among them: a
   * quarter of the rows take the target of another row, and each has hard negatives.
   *
   * @param rows how many, at most those of the table
   * @param hardNegatives hard negatives of each row, some of them none; random images
   * @param seed what the changes are drawn by
   */
  public TripletTable mixed(int rows, int hardNegatives, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int[] mixedTargets = Arrays.copyOf(targets, rows);
    for (int row = 0; row < rows; row++) {
      if (random.nextInt(4) == 0) {
        mixedTargets[row] = targets[random.nextInt(rows)];
      }
    }
    return new TripletTable(
        dimension,
        forms,
        images,
        texts,
        Arrays.copyOf(references, rows),
        mixedTargets,
        Arrays.copyOf(captions, rows * forms),
        hardNegatives,
        random.ints((long) rows * hardNegatives, -1, images()).toArray());
  }

  /** Reads what {@link #toBytes} wrote. */
  public static TripletTable of(byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < HEADER_INTS * Integer.BYTES || buffer.getInt() != MAGIC) {
      throw new IllegalArgumentException("these bytes are not a table of triplets");
    }
    int dimension = buffer.getInt();
    int forms = buffer.getInt();
    int hardNegatives = buffer.getInt();
    int rows = buffer.getInt();
    float[] images = new float[Math.multiplyExact(buffer.getInt(), dimension)];
    float[] texts = new float[Math.multiplyExact(buffer.getInt(), dimension)];
    int[] references = new int[rows];
    int[] targets = new int[rows];
    int[] captions = new int[rows * forms];
    int[] negatives = new int[rows * hardNegatives];
    for (float[] vectors : new float[][] {images, texts}) {
      buffer.asFloatBuffer().get(vectors);
      buffer.position(buffer.position() + vectors.length * Float.BYTES);
    }
    for (int[] numbers : new int[][] {references, targets, captions, negatives}) {
      buffer.asIntBuffer().get(numbers);
      buffer.position(buffer.position() + numbers.length * Integer.BYTES);
    }
    return new TripletTable(
        dimension, forms, images, texts, references, targets, captions, hardNegatives, negatives);
  }

  /** The table as little-endian bytes, for a broadcast; below 2 GiB. */
  public byte[] toBytes() {
    long numbers = HEADER_INTS + (long) images.length + texts.length;
    numbers += references.length + (long) targets.length + captions.length + negatives.length;
    if (numbers > Integer.MAX_VALUE / Float.BYTES) {
      throw new WeftException(
          ExitCode.RESOURCE_MISSING,
          "Cannot send the training vectors to the workers: %d images and %d texts of width %d take"
              + " %d MiB, and one message holds 2047. Train on fewer triplets or narrower vectors.",
          images.length / dimension,
          texts.length / dimension,
          dimension,
          (numbers * Float.BYTES) >> 20);
    }
    byte[] bytes = new byte[(int) numbers * Float.BYTES];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.putInt(MAGIC).putInt(dimension).putInt(forms).putInt(hardNegatives);
    buffer.putInt(references.length);
    buffer.putInt(images.length / dimension).putInt(texts.length / dimension);
    for (float[] vectors : new float[][] {images, texts}) {
      buffer.asFloatBuffer().put(vectors);
      buffer.position(buffer.position() + vectors.length * Float.BYTES);
    }
    for (int[] values : new int[][] {references, targets, captions, negatives}) {
      buffer.asIntBuffer().put(values);
      buffer.position(buffer.position() + values.length * Integer.BYTES);
    }
    return bytes;
  }

  /** Embedding width D. */
  public int dimension() {
    return dimension;
  }

  /** Training rows R. */
  public int rows() {
    return references.length;
  }

  /** Distinct images N, references and targets together. */
  public int images() {
    return images.length / dimension;
  }

  /** Caption forms F of every row. */
  public int forms() {
    return forms;
  }

  /** Image number of the reference of a row. */
  public int reference(int row) {
    return references[row];
  }

  /** Image number of the target of a row. */
  public int target(int row) {
    return targets[row];
  }

  /** Text number of a form of a row. */
  public int caption(int row, int form) {
    return captions[row * forms + form];
  }

  /** Hard negatives K of every row. */
  public int hardNegatives() {
    return hardNegatives;
  }

  /** Image number of a hard negative of a row, the hardest at 0; -1 where the row has fewer. */
  public int hardNegative(int row, int place) {
    return negatives[row * hardNegatives + place];
  }

  /** The vector of an image, D numbers. */
  public float[] imageVector(int number) {
    return Arrays.copyOfRange(images, number * dimension, (number + 1) * dimension);
  }

  /** The vector of a text, D numbers. */
  public float[] textVector(int number) {
    return Arrays.copyOfRange(texts, number * dimension, (number + 1) * dimension);
  }

  /** Copies image vectors into the first rows of a whole float32 matrix {@code [.., D]}. */
  void gatherImages(int[] numbers, INDArray target) {
    gather(images, numbers, target);
  }

  /** Copies text vectors into the first rows of a whole float32 matrix {@code [.., D]}. */
  void gatherTexts(int[] numbers, INDArray target) {
    gather(texts, numbers, target);
  }

  private void gather(float[] vectors, int[] numbers, INDArray target) {
    FloatBuffer buffer = NativeVectors.view(target);
    ParallelRows.forEach(
        numbers.length,
        row -> buffer.put(row * dimension, vectors, numbers[row] * dimension, dimension));
  }

  private void requireUnitRows(float[] vectors, String what) {
    requireShape(dimension > 0 && vectors.length % dimension == 0, "whole " + what + " vectors");
    for (int from = 0; from < vectors.length; from += dimension) {
      double square = 0;
      for (int i = from; i < from + dimension; i++) {
        square += (double) vectors[i] * vectors[i];
      }
      if (!(Math.abs(square - 1) < UNIT_TOLERANCE)) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot train on these embeddings: %s vector %d has length %s instead of 1. Run encode"
                + " again with --force; if it stays, the encoder gives vectors that are not finite.",
            what,
            from / dimension,
            Math.sqrt(square));
      }
    }
  }

  private static void requireWithin(int[] numbers, int size, String what) {
    for (int row = 0; row < numbers.length; row++) {
      requireShape(
          numbers[row] >= 0 && numbers[row] < size, what + " numbers within 0.." + (size - 1));
    }
  }

  private static void requireShape(boolean holds, String what) {
    if (!holds) {
      throw new IllegalArgumentException("a table of triplets needs " + what);
    }
  }
}
