package dev.weft.align;

import dev.weft.compute.NativeVectors;
import dev.weft.compute.RandomKey;
import dev.weft.encode.BgeTextTower;
import dev.weft.encode.PatchNetwork;
import dev.weft.encode.PatchShape;
import dev.weft.encode.Projection;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * The layout of the flat vector that align trains: image side, then text projection {@code [T, D]}
 * row by row, then the logarithm of the logit scale.
 *
 * @param imageCount parameters of the image side: a tower, or an adapter {@code [D, D]}
 * @param textWidth T, the width of the frozen text vectors
 * @param dimension D
 */
public record AlignParameters(int imageCount, int textWidth, int dimension) {
  private static final long IMAGE = 1;
  private static final long TEXT = 2;

  /** The layout for an image tower. */
  public static AlignParameters of(PatchShape shape) {
    return new AlignParameters(shape.parameterCount(), BgeTextTower.DIMENSION, shape.dimension());
  }

  /**
   * The values before the first step.
   *
   * @param seed equal seeds give equal bytes
   * @param logitScale initial scale, positive
   */
  public static float[] initial(PatchShape shape, long seed, double logitScale) {
    PatchNetwork network = PatchNetwork.of(shape);
    network.initialize(RandomKey.of(seed, IMAGE));
    AlignParameters layout = of(shape);
    float[] values = new float[layout.count()];
    System.arraycopy(NativeVectors.array(network.parameters()), 0, values, 0, layout.imageCount);
    SplittableRandom random = new SplittableRandom(RandomKey.of(seed, TEXT));
    double limit = Math.sqrt(3.0 / BgeTextTower.DIMENSION);
    for (int i = layout.imageCount; i < layout.scaleAt(); i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * limit);
    }
    values[layout.scaleAt()] = (float) Math.log(logitScale);
    return values;
  }

  /** Numbers in all. */
  public int count() {
    return scaleAt() + 1;
  }

  /** Numbers of the text projection. */
  public int projectionCount() {
    return textWidth * dimension;
  }

  /** Where the logarithm of the logit scale lies. */
  public int scaleAt() {
    return imageCount + projectionCount();
  }

  /** The image side's part. */
  public float[] image(float[] values) {
    return Arrays.copyOf(values, imageCount);
  }

  /** The text projection's part. */
  public Projection projection(float[] values) {
    return new Projection(dimension, Arrays.copyOfRange(values, imageCount, scaleAt()));
  }

  /** The logit scale. */
  public double scale(float[] values) {
    return Math.exp(values[scaleAt()]);
  }
}
