package dev.weft.ingest;

import java.util.Arrays;
import java.util.Optional;

/**
 * Walks the marker segments of a JPEG file. Decoders fill what is missing of a cut file with grey;
 * here it is found.
 *
 * <p>Source: ITU-T T.81, annex B. EXIF lies in the segment APP1, after {@code Exif\0\0}.
 */
final class JpegSegments {
  private static final byte[] EXIF = {'E', 'x', 'i', 'f', 0, 0};
  private static final int END_OF_IMAGE = 0xD9;
  private static final int APP1 = 0xE1;

  private JpegSegments() {}

  static boolean begins(byte[] bytes) {
    return bytes.length > 2
        && (bytes[0] & 0xFF) == 0xFF
        && (bytes[1] & 0xFF) == 0xD8
        && (bytes[2] & 0xFF) == 0xFF;
  }

  /**
   * Follows the segments to the end-of-image marker.
   *
   * @return the first EXIF block, from its TIFF header on
   * @throws BadImageException if the file ends before the marker
   */
  static Optional<byte[]> exif(byte[] bytes) throws BadImageException {
    Optional<byte[]> exif = Optional.empty();
    int at = 2;
    while (at + 1 < bytes.length) {
      if ((bytes[at] & 0xFF) != 0xFF) {
        at++; // decoders skip stray bytes between segments, and so do we
        continue;
      }
      int marker = bytes[at + 1] & 0xFF;
      if (marker == END_OF_IMAGE) {
        return exif;
      }
      if (marker == 0xFF) {
        at++; // fill byte
      } else if (marker <= 0x01 || (marker >= 0xD0 && marker <= 0xD8)) {
        at += 2; // stuffed byte of scan data, or a marker without a length
      } else {
        if (at + 3 >= bytes.length) {
          break;
        }
        int length = (bytes[at + 2] & 0xFF) << 8 | (bytes[at + 3] & 0xFF);
        int body = at + 4;
        int end = at + 2 + length;
        if (end > bytes.length || length < 2) {
          break;
        }
        if (marker == APP1 && exif.isEmpty() && startsWith(bytes, body, end)) {
          exif = Optional.of(Arrays.copyOfRange(bytes, body + EXIF.length, end));
        }
        at = end; // after a start of scan come its data: stuffed, so they pass above
      }
    }
    throw new BadImageException(
        Reason.CORRUPT_IMAGE,
        "the JPEG file ends after " + bytes.length + " bytes without an end marker");
  }

  private static boolean startsWith(byte[] bytes, int from, int end) {
    return end - from > EXIF.length
        && Arrays.equals(bytes, from, from + EXIF.length, EXIF, 0, EXIF.length);
  }
}
