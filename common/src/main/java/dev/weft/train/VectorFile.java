package dev.weft.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A flat vector as a file: {@code data-schemas/head-bundle.md} has the layout.
 *
 * <pre>
 *   0  8 bytes  ASCII "WEFTVEC1"
 *   8  8 bytes  count of numbers, unsigned little-endian
 *  16  4 count  the numbers, little-endian float32
 * </pre>
 */
final class VectorFile {
  private static final byte[] MAGIC = "WEFTVEC1".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = MAGIC.length + Long.BYTES;

  private VectorFile() {}

  /** The file of these numbers. */
  static byte[] write(float[] values) {
    byte[] bytes = new byte[Math.addExact(HEADER, Math.multiplyExact(values.length, Float.BYTES))];
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    buffer.put(MAGIC).putLong(values.length);
    buffer.asFloatBuffer().put(values);
    return bytes;
  }

  /**
   * The numbers of a file.
   *
   * @param name what to call the file in a message
   */
  static float[] read(String name, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < HEADER || !Arrays.equals(MAGIC, 0, MAGIC.length, bytes, 0, MAGIC.length)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot read %s: it does not start with WEFTVEC1, so it is no vector file of this format."
              + " Restore it from a backup or train again.",
          name);
    }
    long count = buffer.position(MAGIC.length).getLong();
    if (count != (bytes.length - HEADER) / Float.BYTES
        || (bytes.length - HEADER) % Float.BYTES != 0) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot read %s: it announces %d numbers but has %d bytes of them. It is truncated or"
              + " damaged: restore it from a backup or train again.",
          name,
          count,
          bytes.length - HEADER);
    }
    float[] values = new float[(int) count];
    buffer.asFloatBuffer().get(values);
    return values;
  }

  /** SHA-256 of a file, hexadecimal. */
  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
