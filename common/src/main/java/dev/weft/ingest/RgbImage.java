package dev.weft.ingest;

/**
 * A decoded image.
 *
 * @param width pixels
 * @param height pixels
 * @param rgb interleaved red, green, blue of each pixel, row by row from the top left, {@code 3 *
 *     width * height} bytes, unsigned; not copied, so nobody may change it
 */
@SuppressWarnings("ArrayRecordComponent") // pixels are moved, never compared
public record RgbImage(int width, int height, byte[] rgb) {

  public RgbImage {
    if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
      throw new IllegalArgumentException(
          "an image of " + width + " x " + height + " has 3 bytes per pixel, found " + rgb.length);
    }
  }
}
