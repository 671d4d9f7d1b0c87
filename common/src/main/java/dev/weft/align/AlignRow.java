package dev.weft.align;

import dev.weft.compute.RandomKey;
import dev.weft.ingest.RgbImage;

/**
 * One training row: what an image shows and the frozen text vector of its description.
 *
 * @param row its number among all training rows, which keys its augmentation
 * @param image what the trained image side sees
 * @param text the vector of the frozen text tower; not copied
 * @param description which rows have the same description, see {@link #descriptionKey}
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record AlignRow(int row, Seen image, float[] text, long description) {

  /** What the trained image side sees of an image. */
  public sealed interface Seen {}

  /**
   * The picture, for a trained tower.
   *
   * @param image preprocessed to a square of side S
   */
  public record Picture(RgbImage image) implements Seen {}

  /**
   * The vector of a frozen tower, for an adapter.
   *
   * @param numbers D of the frozen encoder; not copied
   */
  public record Vector(float[] numbers) implements Seen {}

  /** A row with a picture. */
  public AlignRow(int row, RgbImage image, float[] text, long description) {
    this(row, new Picture(image), text, description);
  }

  /**
   * A number that is equal for equal descriptions, and for unequal ones differs but by accident.
   */
  public static long descriptionKey(String description) {
    return RandomKey.of(description.length(), description.chars().asLongStream().toArray());
  }
}
