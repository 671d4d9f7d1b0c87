package dev.weft.ingest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Walks the chunks of a WebP file, so that a cut one is found.
 *
 * <p>Source: RFC 9649, "WebP Image Format", section 2. EXIF lies in the chunk EXIF.
 */
final class WebpChunks {
  private static final int FIRST = 12;
  private static final byte[] EXIF_PREFIX = {'E', 'x', 'i', 'f', 0, 0};

  private WebpChunks() {}

  static boolean begins(byte[] bytes) {
    return bytes.length >= FIRST
        && ascii(bytes, 0).equals("RIFF")
        && ascii(bytes, 8).equals("WEBP");
  }

  private static String ascii(byte[] bytes, int at) {
    return new String(bytes, at, 4, StandardCharsets.ISO_8859_1);
  }

  /**
   * Follows the chunks to the end that the header states.
   *
   * @return the EXIF block, from its TIFF header on
   * @throws BadImageException if the file ends before
   */
  static Optional<byte[]> exif(byte[] bytes) throws BadImageException {
    ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long end = 8 + (in.getInt(4) & 0xFFFFFFFFL);
    Optional<byte[]> exif = Optional.empty();
    int at = FIRST;
    while (end <= bytes.length && at + 8 <= end) {
      long length = in.getInt(at + 4) & 0xFFFFFFFFL;
      if (at + 8 + length > end) {
        break;
      }
      if (ascii(bytes, at).equals("EXIF")) {
        byte[] block = Arrays.copyOfRange(bytes, at + 8, at + 8 + (int) length);
        boolean prefixed = startsWithPrefix(block);
        exif =
            Optional.of(
                prefixed ? Arrays.copyOfRange(block, EXIF_PREFIX.length, block.length) : block);
      }
      at += 8 + (int) (length + (length & 1));
    }
    if (end > bytes.length || at < end) {
      throw new BadImageException(
          Reason.CORRUPT_IMAGE,
          "the WebP file has " + bytes.length + " bytes, its header says " + end);
    }
    return exif;
  }

  private static boolean startsWithPrefix(byte[] block) {
    return block.length >= EXIF_PREFIX.length
        && Arrays.equals(block, 0, EXIF_PREFIX.length, EXIF_PREFIX, 0, EXIF_PREFIX.length);
  }
}
