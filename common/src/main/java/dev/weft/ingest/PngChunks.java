package dev.weft.ingest;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.CRC32;

/**
 * Walks the chunks of a PNG file and checks the checksums of those a picture is made of, which the
 * decoder does not.
 *
 * <p>Source: W3C, "Portable Network Graphics (PNG) Specification", section 5. EXIF lies in the
 * chunk eXIf.
 */
final class PngChunks {
  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};

  /** Length, type and checksum. */
  private static final int FRAME = 12;

  private PngChunks() {}

  static boolean begins(byte[] bytes) {
    return bytes.length >= SIGNATURE.length
        && Arrays.equals(bytes, 0, SIGNATURE.length, SIGNATURE, 0, SIGNATURE.length);
  }

  /**
   * Follows the chunks to IEND.
   *
   * @return the EXIF block, from its TIFF header on
   * @throws BadImageException if the file ends before IEND, or a checksum is wrong
   */
  static Optional<byte[]> exif(byte[] bytes) throws BadImageException {
    Optional<byte[]> exif = Optional.empty();
    ByteBuffer in = ByteBuffer.wrap(bytes).position(SIGNATURE.length);
    while (in.remaining() >= FRAME) {
      int start = in.position();
      int length = in.getInt(start);
      if (length < 0 || length > in.remaining() - FRAME) {
        break;
      }
      String type = new String(bytes, start + 4, 4, StandardCharsets.ISO_8859_1);
      if (Character.isUpperCase(type.charAt(0)) && !checksumHolds(bytes, start, length)) {
        throw new BadImageException(
            Reason.CORRUPT_IMAGE, "the PNG chunk " + type + " at byte " + start + " is damaged");
      }
      if (type.equals("IEND")) {
        return exif;
      }
      if (type.equals("eXIf")) {
        exif = Optional.of(Arrays.copyOfRange(bytes, start + 8, start + 8 + length));
      }
      in.position(start + FRAME + length);
    }
    throw new BadImageException(
        Reason.CORRUPT_IMAGE,
        "the PNG file ends after " + bytes.length + " bytes without an IEND chunk");
  }

  private static boolean checksumHolds(byte[] bytes, int start, int length) {
    CRC32 checksum = new CRC32();
    checksum.update(bytes, start + 4, 4 + length);
    return (int) checksum.getValue() == ByteBuffer.wrap(bytes).getInt(start + 8 + length);
  }
}
