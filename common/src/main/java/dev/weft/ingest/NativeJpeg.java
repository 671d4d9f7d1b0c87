package dev.weft.ingest;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes JPEG files with libjpeg-turbo: slow integer transform and smooth upsampling, as Pillow
 * does, so the pixels are Pillow's to the bit. It is reached through the few functions of Leptonica
 * that are needed here.
 */
final class NativeJpeg {
  private static final Logger LOG = LoggerFactory.getLogger(NativeJpeg.class);
  private static final String LIBRARY =
      "/org/bytedeco/leptonica/linux-x86_64/libleptonica.so.6"; // of the jar with the natives
  private static final int FAIL_ON_WARNINGS = 0;
  private static final int SILENT = 6; // L_SEVERITY_NONE

  /** Pixels that are copied out of native memory at once: few enough to stay in the cache. */
  private static final int BLOCK = 4096;

  private static final VarHandle BIG_ENDIAN =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.BIG_ENDIAN);
  private static final boolean LOADED = load();

  private NativeJpeg() {}

  /** Leptonica's own names and types, allheaders.h; a PIX is a picture. */
  private static final class Leptonica {
    private Leptonica() {}

    static native Pointer pixReadMemJpeg(
        byte[] data, long size, int colormap, int reduction, int[] warnings, int hint);

    static native int pixGetWidth(Pointer pix);

    static native int pixGetHeight(Pointer pix);

    static native int pixGetDepth(Pointer pix);

    static native int pixGetWpl(Pointer pix);

    static native Pointer pixGetData(Pointer pix);

    static native void pixDestroy(PointerByReference pix);

    static native int setMsgSeverity(int severity);
  }

  private static boolean load() {
    try {
      String file =
          Native.extractFromResourcePath(LIBRARY, NativeJpeg.class.getClassLoader()).getPath();
      Native.register(Leptonica.class, NativeLibrary.getInstance(file));
      Leptonica.setMsgSeverity(SILENT); // or it writes to standard error
      return true;
    } catch (IOException | LinkageError e) {
      LOG.warn(
          "No libjpeg-turbo for this platform; Java decodes JPEG files, which is slower: {}",
          e.toString());
      return false;
    }
  }

  /** Whether there is a library for this platform. */
  static boolean isThere() {
    return LOADED;
  }

  /** Whether frames of this process are decoded: baseline, extended, progressive, arithmetic. */
  static boolean reads(int process) {
    return process <= 2 || process == 9 || process == 10;
  }

  /**
   * Decodes a file of one or three components.
   *
   * @param bytes the whole file, of a size within the limits
   * @param reduction what both sides are divided by, rounded up: 1, 2, 4 or 8
   * @return the picture as stored; empty where the file is damaged in any way, or there is no
   *     library for this platform
   */
  static Optional<RgbImage> decode(byte[] bytes, int reduction) {
    if (!LOADED) {
      return Optional.empty();
    }
    Pointer pix =
        Leptonica.pixReadMemJpeg(bytes, bytes.length, 0, reduction, new int[1], FAIL_ON_WARNINGS);
    if (pix == null) {
      return Optional.empty();
    }
    try {
      int width = Leptonica.pixGetWidth(pix);
      int height = Leptonica.pixGetHeight(pix);
      Pointer words = Leptonica.pixGetData(pix);
      byte[] rgb =
          Leptonica.pixGetDepth(pix) == 32
              ? colors(words, width, height)
              : grays(words, width, height, Leptonica.pixGetWpl(pix));
      return Optional.of(new RgbImage(width, height, rgb));
    } finally {
      Leptonica.pixDestroy(new PointerByReference(pix));
    }
  }

  /** A pixel is a word, red, green and blue from the upper end; lines have no words besides. */
  private static byte[] colors(Pointer words, int width, int height) {
    int pixels = width * height;
    byte[] rgb = new byte[3 * pixels];
    int[] block = new int[Math.min(pixels, BLOCK)];
    for (int from = 0; from < pixels; from += BLOCK) {
      int count = Math.min(BLOCK, pixels - from);
      words.read((long) Integer.BYTES * from, block, 0, count);
      pack(block, count, rgb, 3 * from);
    }
    return rgb;
  }

  /** Four words at a time become three of bytes in order. */
  private static void pack(int[] pixels, int count, byte[] rgb, int begin) {
    int to = begin;
    int whole = count & ~3;
    for (int i = 0; i < whole; i += 4) {
      int second = pixels[i + 1];
      int third = pixels[i + 2];
      BIG_ENDIAN.set(rgb, to, (pixels[i] & 0xFFFFFF00) | (second >>> 24));
      BIG_ENDIAN.set(rgb, to + 4, ((second << 8) & 0xFFFF0000) | (third >>> 16));
      BIG_ENDIAN.set(rgb, to + 8, ((third << 16) & 0xFF000000) | (pixels[i + 3] >>> 8));
      to += 12;
    }
    for (int i = whole; i < count; i++) {
      rgb[to] = (byte) (pixels[i] >> 24);
      rgb[to + 1] = (byte) (pixels[i] >> 16);
      rgb[to + 2] = (byte) (pixels[i] >> 8);
      to += 3;
    }
  }

  /** A word holds four pixels, the first at its upper end. */
  private static byte[] grays(Pointer words, int width, int height, int wordsPerLine) {
    byte[] rgb = new byte[3 * width * height];
    int[] line = new int[wordsPerLine];
    int to = 0;
    for (int y = 0; y < height; y++) {
      words.read((long) Integer.BYTES * wordsPerLine * y, line, 0, wordsPerLine);
      for (int x = 0; x < width; x++) {
        byte gray = (byte) (line[x >> 2] >> (24 - 8 * (x & 3)));
        rgb[to] = gray;
        rgb[to + 1] = gray;
        rgb[to + 2] = gray;
        to += 3;
      }
    }
    return rgb;
  }
}
