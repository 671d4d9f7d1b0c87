package dev.weft.ingest;

import java.nio.charset.StandardCharsets;

/**
 * What the blocks of a GIF file say up to the end of its first image. What follows may be missing:
 * only the first image is used, and decoders give it without the screen that it lies on.
 *
 * <p>Source: CompuServe, "Graphics Interchange Format, Version 89a", appendix A.
 *
 * @param width of the screen, pixels
 * @param height of the screen, pixels
 * @param left place of the image on the screen
 * @param top place of the image on the screen
 * @param fill colour of the screen beside the image, {@code 0xRRGGBB}
 */
record GifBlocks(int width, int height, int left, int top, int fill) {
  private static final int HEADER = 13;
  private static final int IMAGE = 0x2C;
  private static final int EXTENSION = 0x21;
  private static final int CONTROL = 0xF9;
  private static final int WHITE = 0xFFFFFF;

  static boolean begins(byte[] bytes) {
    return bytes.length >= 3 && new String(bytes, 0, 3, StandardCharsets.ISO_8859_1).equals("GIF");
  }

  /**
   * Follows the blocks to the end of the first image.
   *
   * @throws BadImageException if the file ends before
   */
  static GifBlocks read(byte[] bytes) throws BadImageException {
    int at = HEADER + (bytes.length >= HEADER ? paletteBytes(bytes[10]) : 0);
    boolean transparent = false;
    while (at < bytes.length) {
      int block = bytes[at] & 0xFF;
      if (block == EXTENSION) {
        boolean control = at + 3 < bytes.length && (bytes[at + 1] & 0xFF) == CONTROL;
        transparent |= control && (bytes[at + 3] & 1) == 1;
        at = endOfData(bytes, at + 2);
      } else if (block == IMAGE && at + 9 < bytes.length) {
        // Left, top, width, height, flags; a palette; the code size; the data.
        int end = endOfData(bytes, at + 10 + paletteBytes(bytes[at + 9]) + 1);
        if (end > bytes.length) {
          break;
        }
        return new GifBlocks(
            unsigned(bytes, 6),
            unsigned(bytes, 8),
            unsigned(bytes, at + 1),
            unsigned(bytes, at + 3),
            transparent ? WHITE : background(bytes));
      } else {
        break;
      }
    }
    throw new BadImageException(
        Reason.CORRUPT_IMAGE,
        "the GIF file has " + bytes.length + " bytes and no whole image in them");
  }

  /** The image where it lies on the screen. */
  RgbImage onScreen(RgbImage image) {
    int wide = Math.max(width, left + image.width());
    int high = Math.max(height, top + image.height());
    if (wide == image.width() && high == image.height()) {
      return image;
    }
    byte[] rgb = new byte[Math.multiplyExact(3, Math.multiplyExact(wide, high))];
    byte[] color = {(byte) (fill >> 16), (byte) (fill >> 8), (byte) fill};
    for (int at = 0; at < rgb.length; at++) {
      rgb[at] = color[at % 3];
    }
    for (int y = 0; y < image.height(); y++) {
      System.arraycopy(
          image.rgb(),
          3 * y * image.width(),
          rgb,
          3 * ((top + y) * wide + left),
          3 * image.width());
    }
    return new RgbImage(wide, high, rgb);
  }

  /** The colour of the background's number in the palette of the screen. */
  private static int background(byte[] bytes) {
    int at = HEADER + 3 * (bytes[11] & 0xFF);
    if (at + 3 > HEADER + paletteBytes(bytes[10])) {
      return 0;
    }
    return (bytes[at] & 0xFF) << 16 | (bytes[at + 1] & 0xFF) << 8 | (bytes[at + 2] & 0xFF);
  }

  private static int paletteBytes(byte flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
  }

  private static int unsigned(byte[] bytes, int at) {
    return (bytes[at] & 0xFF) | (bytes[at + 1] & 0xFF) << 8;
  }

  /** Skips sub-blocks, each begun by its length; a length of 0 ends them. */
  private static int endOfData(byte[] bytes, int from) {
    int at = from;
    while (at < bytes.length && bytes[at] != 0) {
      at += 1 + (bytes[at] & 0xFF);
    }
    return at + 1;
  }
}
