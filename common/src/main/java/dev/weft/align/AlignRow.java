package dev.weft.align;

import dev.weft.compute.RandomKey;
import dev.weft.ingest.RgbImage;

/**
 * One training row: a picture and the frozen text vector of its description.
 *
 * @param row its number among all training rows, which keys its augmentation
 * @param image preprocessed to a square of side S
 * @param text the vector of the frozen text tower, 384 numbers; not copied
 * @param description which rows have the same description, see {@link #descriptionKey}
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record AlignRow(int row, RgbImage image, float[] text, long description) {

  /**
   * A number that is equal for equal descriptions, and for unequal ones differs but by accident.
   */
  public static long descriptionKey(String description) {
    return RandomKey.of(description.length(), description.chars().asLongStream().toArray());
  }
}
