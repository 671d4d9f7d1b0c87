package dev.weft.compute;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * A flat vector as a file: {@code data-schemas/encoder-bundle.md} has the layout.
 *
 * <pre>
 *   0  8 bytes  ASCII "WEFTVEC1"
 *   8  8 bytes  count of numbers, unsigned little-endian
 *  16  4 count  the numbers, little-endian float32
 * </pre>
 */
public final class VectorFile {
  private static final byte[] MAGIC = "WEFTVEC1".getBytes(StandardCharsets.US_ASCII);
  private static final int HEADER = MAGIC.length + Long.BYTES;

  private VectorFile() {}

  /** The file of these numbers. */
  public static byte[] write(float[] values) {
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
  public static float[] read(String name, byte[] bytes) {
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    if (bytes.length < HEADER || !Arrays.equals(MAGIC, 0, MAGIC.length, bytes, 0, MAGIC.length)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot read %s: it does not start with WEFTVEC1, so it is no vector file of this format."
              + " Restore it, or run the stage that writes it again.",
          name);
    }
    long count = buffer.position(MAGIC.length).getLong();
    if (count != (bytes.length - HEADER) / Float.BYTES
        || (bytes.length - HEADER) % Float.BYTES != 0) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot read %s: it announces %d numbers but has %d bytes of them. It is truncated or"
              + " damaged: restore it, or run the stage that"
              + " writes it again.",
          name,
          count,
          bytes.length - HEADER);
    }
    float[] values = new float[(int) count];
    buffer.asFloatBuffer().get(values);
    return values;
  }
}
