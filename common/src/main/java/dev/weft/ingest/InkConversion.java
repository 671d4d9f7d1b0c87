package dev.weft.ingest;

import java.awt.image.Raster;
import java.util.OptionalInt;

/**
 * Turns the four components of a JPEG file into RGB as libjpeg and Pillow do, without a colour
 * profile.
 *
 * <p>Adobe's files hold inverted inks; with its transform 2 the first three are luminance and
 * chrominance.
 */
final class InkConversion {
  private static final int YCCK = 2;

  private InkConversion() {}

  static RgbImage convert(Raster raster, OptionalInt adobeTransform) {
    if (raster.getNumBands() != 4) {
      throw new IllegalArgumentException("expected 4 components, found " + raster.getNumBands());
    }
    boolean luminance = adobeTransform.orElse(0) == YCCK;
    int width = raster.getWidth();
    int height = raster.getHeight();
    byte[] rgb = new byte[Math.multiplyExact(3, width * height)];
    int[] row = new int[4 * width];
    int to = 0;
    for (int y = 0; y < height; y++) {
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, row);
      for (int at = 0; at < row.length; at += 4) {
        if (luminance) {
          toInks(row, at);
        }
        int white = adobeTransform.isPresent() ? row[at + 3] : 255 - row[at + 3];
        for (int channel = 0; channel < 3; channel++) {
          int stored = row[at + channel];
          int ink = adobeTransform.isPresent() ? 255 - stored : stored;
          rgb[to++] = (byte) clip(white - times(ink, white));
        }
      }
    }
    return new RgbImage(width, height, rgb);
  }

  /** The colours of JFIF, inverted, in fixed point of 16 bits, as libjpeg rounds them. */
  private static void toInks(int[] row, int at) {
    int y = row[at];
    int cb = row[at + 1] - 128;
    int cr = row[at + 2] - 128;
    row[at] = 255 - clip(y + ((91_881 * cr + 32_768) >> 16));
    row[at + 1] = 255 - clip(y + ((-22_554 * cb - 46_802 * cr + 32_768) >> 16));
    row[at + 2] = 255 - clip(y + ((116_130 * cb + 32_768) >> 16));
  }

  /** a * b / 255, rounded. */
  private static int times(int a, int b) {
    int product = a * b + 128;
    return ((product >> 8) + product) >> 8;
  }

  private static int clip(int value) {
    return Math.max(0, Math.min(255, value));
  }
}
