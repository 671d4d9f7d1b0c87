package dev.weft.compute;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.bytedeco.javacpp.FloatPointer;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Copies between native tensors, heap arrays and little-endian bytes at the speed of memory.
 *
 * <p>ND4J's own {@code toFloatVector} and {@code createFromArray} take five times as long.
 */
public final class NativeVectors {
  private static final int BLOCK = 8192; // floats

  private NativeVectors() {}

  /**
   * The memory of a dense float32 tensor, in its own order of elements: a whole buffer, or a view
   * whose elements follow each other.
   *
   * <p>For reading and writing until the next ND4J operation on the tensor: a tensor on a GPU is
   * brought to main memory first, and goes back with that operation. Ask anew after it.
   */
  public static FloatBuffer view(INDArray array) {
    boolean whole = array.offset() == 0 && array.data().length() == array.length();
    if (array.dataType() != DataType.FLOAT || !(whole || array.elementWiseStride() == 1)) {
      throw new IllegalArgumentException("only a dense float32 tensor can be copied by memory");
    }
    AffinityManager devices = Nd4j.getAffinityManager();
    devices.ensureLocation(array, AffinityManager.Location.HOST);
    devices.tagLocation(array, AffinityManager.Location.HOST);
    long from = array.offset();
    return new FloatPointer(array.data().pointer())
        .position(from)
        .limit(from + array.length())
        .asBuffer();
  }

  /** The elements as little-endian float32. */
  public static byte[] bytes(INDArray array) {
    byte[] bytes = new byte[Math.multiplyExact((int) array.length(), Float.BYTES)];
    floats(bytes).put(view(array));
    return bytes;
  }

  /** The elements as a heap array. */
  public static float[] array(INDArray array) {
    float[] values = new float[(int) array.length()];
    view(array).get(values);
    return values;
  }

  /** Replaces all elements of a tensor by little-endian float32. */
  public static void fill(INDArray target, byte[] bytes) {
    FloatBuffer source = floats(bytes);
    if (source.remaining() != target.length() || bytes.length % Float.BYTES != 0) {
      throw new IllegalArgumentException(
          bytes.length + " bytes do not fill a tensor of " + target.length() + " floats");
    }
    view(target).put(source);
  }

  /** Replaces all elements of a tensor. */
  public static void fill(INDArray target, float[] values) {
    if (values.length != target.length()) {
      throw new IllegalArgumentException(
          values.length + " values do not fill a tensor of " + target.length() + " floats");
    }
    view(target).put(values);
  }

  /** The length of a vector, added up in float64 and in the same order whatever the threads. */
  public static double norm(INDArray vector) {
    int length = Math.toIntExact(vector.length());
    double[] squares = new double[(length + BLOCK - 1) / BLOCK];
    FloatBuffer values = view(vector);
    ParallelRows.forEach(
        squares.length,
        block -> {
          int from = block * BLOCK;
          float[] copy = new float[Math.min(BLOCK, length - from)];
          values.get(from, copy);
          for (float value : copy) {
            squares[block] += (double) value * value;
          }
        });
    return Math.sqrt(Arrays.stream(squares).sum());
  }

  /** Little-endian bytes seen as floats. */
  public static FloatBuffer floats(byte[] bytes) {
    return floats(bytes, 0);
  }

  /** As above from a byte on. */
  public static FloatBuffer floats(byte[] bytes, int from) {
    return ByteBuffer.wrap(bytes).position(from).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
  }
}
