package dev.weft.store;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A vector of D components as it lies in tables and files: D little-endian float32, no header.
 *
 * <p>Every bit is kept, so a round trip is exact.
 */
public final class VectorBytes {
  private VectorBytes() {}

  /**
   * Writes a vector.
   *
   * @param vector D components
   * @return 4 D bytes
   */
  public static byte[] encode(float[] vector) {
    byte[] bytes = new byte[Math.multiplyExact(vector.length, Float.BYTES)];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(vector);
    return bytes;
  }

  /**
   * Reads a vector.
   *
   * @param bytes 4 D bytes
   * @return D components
   */
  public static float[] decode(byte[] bytes) {
    if (bytes.length % Float.BYTES != 0) {
      throw new IllegalArgumentException(
          "Cannot read a vector of "
              + bytes.length
              + " bytes: a float32 vector has a multiple of four.");
    }
    float[] vector = new float[bytes.length / Float.BYTES];
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
    return vector;
  }
}
