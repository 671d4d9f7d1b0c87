package dev.weft.ingest;

/**
 * A decoded picture, upright and opaque.
 *
 * @param width pixels, at least 1
 * @param height pixels, at least 1
 * @param rgb red, green and blue of each pixel, row by row from the top left; {@code 3 * width *
 *     height} bytes; shared, not copied
 */
@SuppressWarnings("ArrayRecordComponent") // pixels are moved, never compared as values
public record RgbImage(int width, int height, byte[] rgb) {

  public RgbImage {
    if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
      throw new IllegalArgumentException(
          "an image of " + width + " x " + height + " pixels cannot have " + rgb.length + " bytes");
    }
  }

  /** The colour at a place as {@code 0xRRGGBB}. */
  public int pixel(int x, int y) {
    int at = 3 * (y * width + x);
    return (rgb[at] & 0xFF) << 16 | (rgb[at + 1] & 0xFF) << 8 | (rgb[at + 2] & 0xFF);
  }
}
