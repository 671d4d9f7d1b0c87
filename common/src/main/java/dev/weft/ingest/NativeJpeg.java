package dev.weft.ingest;

import static org.bytedeco.leptonica.global.lept.L_SEVERITY_NONE;
import static org.bytedeco.leptonica.global.lept.pixDestroy;
import static org.bytedeco.leptonica.global.lept.pixGetData;
import static org.bytedeco.leptonica.global.lept.pixGetDepth;
import static org.bytedeco.leptonica.global.lept.pixGetHeight;
import static org.bytedeco.leptonica.global.lept.pixGetWidth;
import static org.bytedeco.leptonica.global.lept.pixGetWpl;
import static org.bytedeco.leptonica.global.lept.pixReadMemJpeg;
import static org.bytedeco.leptonica.global.lept.setMsgSeverity;

import java.nio.IntBuffer;
import java.util.Optional;
import org.bytedeco.leptonica.PIX;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decodes JPEG files with libjpeg-turbo: slow integer transform and smooth upsampling, as Pillow
 * does, so the pixels are Pillow's to the bit.
 */
final class NativeJpeg {
  private static final Logger LOG = LoggerFactory.getLogger(NativeJpeg.class);
  private static final int FAIL_ON_WARNINGS = 0;
  private static final boolean LOADED = load();

  private NativeJpeg() {}

  private static boolean load() {
    try {
      setMsgSeverity(L_SEVERITY_NONE); // or it writes to standard error
      return true;
    } catch (LinkageError e) {
      LOG.warn(
          "No libjpeg-turbo for this platform; Java decodes JPEG files, which is slower: {}", e);
      return false;
    }
  }

  /** Whether frames of this process are decoded: baseline, extended, progressive, arithmetic. */
  static boolean reads(int process) {
    return process <= 2 || process == 9 || process == 10;
  }

  /**
   * Decodes a file of one or three components.
   *
   * @param bytes the whole file, of a size within the limits
   * @return the picture as stored; empty where the file is damaged in any way, or there is no
   *     library for this platform
   */
  static Optional<RgbImage> decode(byte[] bytes) {
    if (!LOADED) {
      return Optional.empty();
    }
    PIX pix = pixReadMemJpeg(bytes, bytes.length, 0, 1, new int[1], FAIL_ON_WARNINGS);
    if (pix == null) {
      return Optional.empty();
    }
    try {
      int width = pixGetWidth(pix);
      int height = pixGetHeight(pix);
      int wordsPerLine = pixGetWpl(pix);
      IntBuffer words =
          pixGetData(pix).capacity((long) wordsPerLine * height).asByteBuffer().asIntBuffer();
      byte[] rgb =
          pixGetDepth(pix) == 32
              ? colors(words, width, height, wordsPerLine)
              : grays(words, width, height, wordsPerLine);
      return Optional.of(new RgbImage(width, height, rgb));
    } finally {
      pixDestroy(pix);
    }
  }

  /** A pixel is a word: red, green and blue from the upper end. */
  private static byte[] colors(IntBuffer words, int width, int height, int wordsPerLine) {
    byte[] rgb = new byte[3 * width * height];
    int[] line = new int[wordsPerLine];
    int to = 0;
    for (int y = 0; y < height; y++) {
      words.get(line);
      for (int x = 0; x < width; x++) {
        int pixel = line[x];
        rgb[to] = (byte) (pixel >> 24);
        rgb[to + 1] = (byte) (pixel >> 16);
        rgb[to + 2] = (byte) (pixel >> 8);
        to += 3;
      }
    }
    return rgb;
  }

  /** A word holds four pixels, the first at its upper end. */
  private static byte[] grays(IntBuffer words, int width, int height, int wordsPerLine) {
    byte[] rgb = new byte[3 * width * height];
    int[] line = new int[wordsPerLine];
    int to = 0;
    for (int y = 0; y < height; y++) {
      words.get(line);
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
