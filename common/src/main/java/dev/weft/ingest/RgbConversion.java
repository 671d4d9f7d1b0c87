package dev.weft.ingest;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;

/**
 * Takes the samples of a decoded image as 8-bit RGB on white.
 *
 * <p>{@code BufferedImage.getRGB} would brighten grey images: Java holds grey to be linear light,
 * everybody else to be sRGB. So samples are taken as they are stored.
 */
final class RgbConversion {
  private static final int WHITE = 255;

  private RgbConversion() {}

  static RgbImage convert(BufferedImage image) {
    byte[] rgb = new byte[Math.multiplyExact(3, image.getWidth() * image.getHeight())];
    ColorModel colors = image.getColorModel();
    if (colors instanceof IndexColorModel palette) {
      fromPalette(image, palette, rgb);
    } else if (isStored(colors)) {
      fromSamples(image, rgb);
    } else {
      fromColors(image, rgb);
    }
    return new RgbImage(image.getWidth(), image.getHeight(), rgb);
  }

  /** Whether the samples are the colours, grey or RGB of any width. */
  private static boolean isStored(ColorModel colors) {
    int type = colors.getColorSpace().getType();
    return type == ColorSpace.TYPE_GRAY || type == ColorSpace.TYPE_RGB;
  }

  private static void fromPalette(BufferedImage image, IndexColorModel palette, byte[] rgb) {
    int[] row = new int[image.getWidth()];
    int to = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      image.getRaster().getSamples(0, y, row.length, 1, 0, row);
      for (int index : row) {
        to = put(rgb, to, palette.getRGB(index));
      }
    }
  }

  private static void fromColors(BufferedImage image, byte[] rgb) {
    int[] row = new int[image.getWidth()];
    int to = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      image.getRGB(0, y, row.length, 1, row, 0, row.length);
      for (int argb : row) {
        to = put(rgb, to, argb);
      }
    }
  }

  private static int put(byte[] rgb, int to, int argb) {
    int alpha = argb >>> 24;
    rgb[to] = onWhite(argb >> 16 & 0xFF, alpha);
    rgb[to + 1] = onWhite(argb >> 8 & 0xFF, alpha);
    rgb[to + 2] = onWhite(argb & 0xFF, alpha);
    return to + 3;
  }

  private static void fromSamples(BufferedImage image, byte[] rgb) {
    ColorModel colors = image.getColorModel();
    Raster raster = image.getRaster();
    int bands = raster.getNumBands();
    int colorBands = colors.getNumColorComponents(); // 1 or 3
    int[] row = new int[image.getWidth() * bands];
    int to = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      raster.getPixels(0, y, image.getWidth(), 1, row);
      for (int from = 0; from < row.length; from += bands) {
        int alpha = colors.hasAlpha() ? eightBits(row[from + colorBands], colors, colorBands) : 255;
        for (int channel = 0; channel < 3; channel++) {
          int band = colorBands == 1 ? 0 : channel;
          int value = eightBits(row[from + band], colors, band);
          rgb[to++] =
              colors.isAlphaPremultiplied()
                  ? (byte) (value + WHITE - alpha)
                  : onWhite(value, alpha);
        }
      }
    }
  }

  /** The upper byte of a wide sample; a narrow one spread over 0 to 255. */
  private static int eightBits(int sample, ColorModel colors, int band) {
    int bits = colors.getComponentSize(band);
    return bits >= 8 ? sample >> (bits - 8) : sample * 255 / ((1 << bits) - 1);
  }

  private static byte onWhite(int value, int alpha) {
    int sum = (value * alpha + WHITE * (255 - alpha) + 128) << 7; // rounded as Pillow does
    return (byte) (((sum >> 8) + sum) >> 15);
  }
}
