package dev.weft.ingest;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * A decoded picture, upright and opaque, on the heap.
 *
 * @param width pixels, at least 1
 * @param height pixels, at least 1
 * @param rgb red, green and blue of each pixel, row by row from the top left; {@code 3 * width *
 *     height} bytes; shared, not copied
 */
@SuppressWarnings("ArrayRecordComponent") // pixels are moved, never compared as values
public record RgbImage(int width, int height, byte[] rgb) implements Picture {
  private static final VarHandle BIG_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);

  public RgbImage {
    if (width < 1 || height < 1 || rgb.length != 3L * width * height) {
      throw new IllegalArgumentException(
          "an image of " + width + " x " + height + " pixels cannot have " + rgb.length + " bytes");
    }
  }

  /** The picture on the heap: itself, or a copy. */
  public static RgbImage of(Picture picture) {
    if (picture instanceof RgbImage image) {
      return image;
    }
    int width = picture.width();
    byte[] rgb = new byte[3 * width * picture.height()];
    int[] words = new int[width];
    for (int y = 0; y < picture.height(); y++) {
      picture.row(y, 0, width, words, 0);
      pack(words, rgb, 3 * y * width);
    }
    return new RgbImage(width, picture.height(), rgb);
  }

  /** Four words at a time become three of bytes in order. */
  private static void pack(int[] pixels, byte[] rgb, int begin) {
    int to = begin;
    int whole = pixels.length & ~3;
    for (int i = 0; i < whole; i += 4) {
      int second = pixels[i + 1];
      int third = pixels[i + 2];
      BIG_ENDIAN.set(rgb, to, (pixels[i] & 0xFFFFFF00) | (second >>> 24));
      BIG_ENDIAN.set(rgb, to + 4, ((second << 8) & 0xFFFF0000) | (third >>> 16));
      BIG_ENDIAN.set(rgb, to + 8, ((third << 16) & 0xFF000000) | (pixels[i + 3] >>> 8));
      to += 12;
    }
    for (int i = whole; i < pixels.length; i++) {
      rgb[to] = (byte) (pixels[i] >> 24);
      rgb[to + 1] = (byte) (pixels[i] >> 16);
      rgb[to + 2] = (byte) (pixels[i] >> 8);
      to += 3;
    }
  }

  @Override
  public void row(int y, int from, int count, int[] words, int to) {
    int at = 3 * (y * width + from);
    int last = count - 1; // the word of the last pixel of all would end beyond the array
    for (int i = 0; i < last; i++) {
      words[to + i] = (int) BIG_ENDIAN.get(rgb, at);
      at += 3;
    }
    words[to + last] = pixel(from + last, y) << 8;
  }

  /** The colour at a place as {@code 0xRRGGBB}. */
  public int pixel(int x, int y) {
    int at = 3 * (y * width + x);
    return (rgb[at] & 0xFF) << 16 | (rgb[at + 1] & 0xFF) << 8 | (rgb[at + 2] & 0xFF);
  }
}
