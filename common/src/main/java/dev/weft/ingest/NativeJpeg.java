package dev.weft.ingest;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.Optional;
import java.util.function.Function;
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
   * @param use makes something of the picture as stored, which is gone when it returns
   * @return what was made; empty where the file is damaged in any way, or there is no library for
   *     this platform
   */
  static <T> Optional<T> decode(byte[] bytes, int reduction, Function<Picture, T> use) {
    if (!LOADED) {
      return Optional.empty();
    }
    Pointer pix =
        Leptonica.pixReadMemJpeg(bytes, bytes.length, 0, reduction, new int[1], FAIL_ON_WARNINGS);
    if (pix == null) {
      return Optional.empty();
    }
    try {
      return Optional.of(use.apply(picture(pix)));
    } finally {
      Leptonica.pixDestroy(new PointerByReference(pix));
    }
  }

  private static Picture picture(Pointer pix) {
    int height = Leptonica.pixGetHeight(pix);
    int wordsPerLine = Leptonica.pixGetWpl(pix);
    IntBuffer words =
        Leptonica.pixGetData(pix)
            .getByteBuffer(0, (long) Integer.BYTES * wordsPerLine * height)
            .order(ByteOrder.nativeOrder())
            .asIntBuffer();
    int width = Leptonica.pixGetWidth(pix);
    return Leptonica.pixGetDepth(pix) == 32
        ? new Colors(width, height, wordsPerLine, words)
        : new Grays(width, height, wordsPerLine, words);
  }

  /** A pixel is a word, red, green and blue from the upper end. */
  private record Colors(int width, int height, int wordsPerLine, IntBuffer pixels)
      implements Picture {
    @Override
    public void row(int y, int from, int count, int[] words, int to) {
      pixels.get(y * wordsPerLine + from, words, to, count);
    }
  }

  /** A word holds four pixels, the first at its upper end. */
  private record Grays(int width, int height, int wordsPerLine, IntBuffer pixels)
      implements Picture {
    @Override
    public void row(int y, int from, int count, int[] words, int to) {
      for (int i = 0; i < count; i++) {
        int x = from + i;
        int gray = pixels.get(y * wordsPerLine + (x >> 2)) >>> (24 - 8 * (x & 3)) & 0xff;
        words[to + i] = gray * 0x01010100;
      }
    }
  }
}
