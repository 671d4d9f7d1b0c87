package dev.weft.ingest;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the marker segments of a JPEG file say. Decoders fill what is missing of a cut file with
 * grey; here it is found.
 *
 * <p>Source: ITU-T T.81, annex B. EXIF lies in the segment APP1, after {@code Exif\0\0}; the colour
 * transform of Adobe in APP14 (Adobe technical note 5116).
 *
 * @param exif the first EXIF block, from its TIFF header on
 * @param process the low half of the frame's marker: 0 baseline, 2 progressive, 9 arithmetic ...
 * @param width pixels, as stored
 * @param height pixels, as stored
 * @param components 1 grey, 3 colours, 4 inks
 * @param scans passes over the pixels
 * @param adobeTransform 0 none, 1 YCbCr, 2 YCCK; absent without Adobe's segment
 */
record JpegSegments(
    Optional<byte[]> exif,
    int process,
    int width,
    int height,
    int components,
    int scans,
    OptionalInt adobeTransform) {
  private static final byte[] EXIF = {'E', 'x', 'i', 'f', 0, 0};
  private static final byte[] ADOBE = {'A', 'd', 'o', 'b', 'e'};
  private static final int END_OF_IMAGE = 0xD9;
  private static final int START_OF_SCAN = 0xDA;
  private static final int APP1 = 0xE1;
  private static final int APP14 = 0xEE;

  /** A progressive file has about ten; each costs a pass over all pixels. */
  private static final int MOST_SCANS = 500;

  private static final VarHandle EIGHT =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.nativeOrder());

  static boolean begins(byte[] bytes) {
    return bytes.length > 2
        && (bytes[0] & 0xFF) == 0xFF
        && (bytes[1] & 0xFF) == 0xD8
        && (bytes[2] & 0xFF) == 0xFF;
  }

  /**
   * Follows the segments to the end-of-image marker.
   *
   * @throws BadImageException if the file ends before the marker or has no frame
   */
  static JpegSegments read(byte[] bytes) throws BadImageException {
    Optional<byte[]> exif = Optional.empty();
    OptionalInt adobe = OptionalInt.empty();
    int frame = 0;
    int scans = 0;
    int at = 2;
    while (at + 1 < bytes.length) {
      at = nextMarker(bytes, at); // decoders skip stray bytes between segments, and so do we
      if (at + 1 >= bytes.length) {
        break;
      }
      int marker = bytes[at + 1] & 0xFF;
      if (marker == END_OF_IMAGE) {
        return of(bytes, exif, frame, scans, adobe);
      }
      if (marker == 0xFF) {
        at++; // fill byte
      } else if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
        at += 2; // stuffed byte of scan data, or a marker without a length
      } else {
        if (at + 3 >= bytes.length) {
          break;
        }
        int length = unsigned(bytes, at + 2);
        int body = at + 4;
        int end = at + 2 + length;
        if (end > bytes.length || length < 2) {
          break;
        }
        if (marker == APP1 && exif.isEmpty() && startsWith(bytes, body, end, EXIF)) {
          exif = Optional.of(Arrays.copyOfRange(bytes, body + EXIF.length, end));
        } else if (marker == APP14 && end - body >= 12 && startsWith(bytes, body, end, ADOBE)) {
          adobe = OptionalInt.of(bytes[body + 11] & 0xFF);
        } else if (isFrame(marker) && frame == 0 && length >= 8) {
          frame = body;
        } else if (marker == START_OF_SCAN && ++scans > MOST_SCANS) {
          throw corrupt("has more than " + MOST_SCANS + " scans");
        }
        at = end; // after a start of scan come its data: stuffed, so they pass above
      }
    }
    throw corrupt("ends after " + bytes.length + " bytes without an end marker");
  }

  private static JpegSegments of(
      byte[] bytes, Optional<byte[]> exif, int frame, int scans, OptionalInt adobe)
      throws BadImageException {
    if (frame == 0) {
      throw corrupt("has no picture before its end marker");
    }
    int precision = bytes[frame] & 0xFF;
    if (precision != 8) {
      throw new BadImageException(
          Reason.UNSUPPORTED_IMAGE,
          "the JPEG file has " + precision + " bits a sample; those of 8 are read");
    }
    return new JpegSegments(
        exif,
        bytes[frame - 3] & 0x0F,
        unsigned(bytes, frame + 3),
        unsigned(bytes, frame + 1),
        bytes[frame + 5] & 0xFF,
        scans,
        adobe);
  }

  /** What the time of a decode grows with. */
  long pixelsOfAllScans() {
    return (long) width * height * scans;
  }

  /** The next byte of ones, eight at a time, as most of the bytes are scan data; or the end. */
  private static int nextMarker(byte[] bytes, int from) {
    int at = from;
    while (at + Long.BYTES <= bytes.length && !hasOnes((long) EIGHT.get(bytes, at))) {
      at += Long.BYTES;
    }
    while (at < bytes.length && bytes[at] != (byte) 0xFF) {
      at++;
    }
    return at;
  }

  /** Whether one of eight bytes is 0xFF: its complement is the only one to borrow. */
  private static boolean hasOnes(long eight) {
    return (~eight - 0x0101010101010101L & eight & 0x8080808080808080L) != 0;
  }

  /** Every start of frame; the other three markers of that row are tables. */
  private static boolean isFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  private static int unsigned(byte[] bytes, int at) {
    return (bytes[at] & 0xFF) << 8 | (bytes[at + 1] & 0xFF);
  }

  private static boolean startsWith(byte[] bytes, int from, int end, byte[] prefix) {
    return end - from > prefix.length
        && Arrays.equals(bytes, from, from + prefix.length, prefix, 0, prefix.length);
  }

  private static BadImageException corrupt(String what) {
    return new BadImageException(Reason.CORRUPT_IMAGE, "the JPEG file " + what);
  }
}
