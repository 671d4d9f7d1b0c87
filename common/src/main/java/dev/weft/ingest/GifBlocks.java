package dev.weft.ingest;

import java.nio.charset.StandardCharsets;

/**
 * Walks the blocks of a GIF file to the end of its first image, which the decoder does not insist
 * on. What follows may be missing: only the first frame is used.
 *
 * <p>Source: CompuServe, "Graphics Interchange Format, Version 89a", appendix A.
 */
final class GifBlocks {
  private static final int HEADER = 13;
  private static final int IMAGE = 0x2C;
  private static final int EXTENSION = 0x21;

  private GifBlocks() {}

  static boolean begins(byte[] bytes) {
    return bytes.length >= 3 && new String(bytes, 0, 3, StandardCharsets.ISO_8859_1).equals("GIF");
  }

  /**
   * Follows the blocks to the end of the first image.
   *
   * @throws BadImageException if the file ends before
   */
  static void check(byte[] bytes) throws BadImageException {
    int at = HEADER + (bytes.length >= HEADER ? paletteBytes(bytes[10]) : 0);
    while (at < bytes.length) {
      int block = bytes[at] & 0xFF;
      if (block == EXTENSION) {
        at = endOfData(bytes, at + 2);
      } else if (block == IMAGE && at + 9 < bytes.length) {
        // Left, top, width, height, flags; a palette; the code size; the data.
        at = endOfData(bytes, at + 10 + paletteBytes(bytes[at + 9]) + 1);
        if (at <= bytes.length) {
          return;
        }
      } else {
        break;
      }
    }
    throw new BadImageException(
        Reason.CORRUPT_IMAGE,
        "the GIF file has " + bytes.length + " bytes and no whole image in them");
  }

  private static int paletteBytes(byte flags) {
    return (flags & 0x80) == 0 ? 0 : 3 << ((flags & 7) + 1);
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
