package dev.weft.compute;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.IntBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Exact products of matrices of bytes, by ONNX Runtime's operator {@code MatMulInteger}: three to
 * seven times as fast as a product of float32 matrices where the processor multiplies bytes (VNNI).
 *
 * <p>{@code result[n, q] = (first[n, D] - 128) second[D, q]}: the first holds unsigned bytes, which
 * stand for -127 to 127, the second signed ones of at most {@link #largestSecond} in size. Results
 * are 32-bit integers without any rounding, so they are the same on every processor.
 *
 * <p>A product runs on the thread that asks for it. Safe to call from any thread.
 */
public final class ByteProduct {
  /** What stands for 0 in the first matrix. */
  public static final int ZERO = 128;

  private static final Path PROCESSOR = Path.of("/proc/cpuinfo");

  private ByteProduct() {}

  /**
   * Largest absolute value of the second matrix. Without VNNI, processors add two products in 16
   * bits, which overflow beyond 2 x 255 x 64.
   */
  public static int largestSecond() {
    return Processor.LARGEST_SECOND;
  }

  private static final class Processor {
    private static final int LARGEST_SECOND = hasVnni() ? 127 : 64;

    private static boolean hasVnni() {
      if (!Files.isReadable(PROCESSOR)) {
        return false;
      }
      try (Stream<String> lines = Files.lines(PROCESSOR)) {
        return lines.anyMatch(line -> line.contains("avx512_vnni") || line.contains("avx_vnni"));
      } catch (IOException e) {
        return false;
      }
    }
  }

  /**
   * Multiplies.
   *
   * @param first direct, {@code n D} bytes from its position
   * @param second direct, {@code D q} bytes from its position
   * @param result direct and in native order, {@code n q} integers from its position
   * @param rows n, at least 1
   * @param width D, at least 1
   * @param columns q, at least 1
   */
  public static void multiply(
      ByteBuffer first, ByteBuffer second, IntBuffer result, int rows, int width, int columns) {
    OrtEnvironment environment = Engine.ENVIRONMENT;
    try (OnnxTensor a =
            OnnxTensor.createTensor(
                environment,
                part(first, rows * width),
                new long[] {rows, width},
                OnnxJavaType.UINT8);
        OnnxTensor b =
            OnnxTensor.createTensor(
                environment,
                part(second, width * columns),
                new long[] {width, columns},
                OnnxJavaType.INT8);
        OnnxTensor y =
            OnnxTensor.createTensor(
                environment,
                result.duplicate().limit(result.position() + rows * columns),
                new long[] {rows, columns})) {
      Engine.SESSION.run(Map.of("a", a, "b", b), Set.of(), Map.of("y", y)).close();
    } catch (OrtException e) {
      throw new IllegalStateException("Cannot multiply matrices of bytes.", e);
    }
  }

  private static ByteBuffer part(ByteBuffer buffer, int bytes) {
    return buffer.duplicate().limit(buffer.position() + bytes);
  }

  /** Started by the class loader, once per process. */
  private static final class Engine {
    private static final OrtEnvironment ENVIRONMENT = OrtEnvironment.getEnvironment();
    private static final OrtSession SESSION = start();

    private static OrtSession start() {
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
        return ENVIRONMENT.createSession(model(), options);
      } catch (OrtException e) {
        throw new WeftException(
            e,
            ExitCode.RESOURCE_MISSING,
            "Cannot start ONNX Runtime for products of bytes: %s. It needs Linux on x86-64 with"
                + " glibc and its natives in the jar.",
            e.getMessage());
      }
    }
  }

  // The model is one node. Protocol buffers are written by hand, field by field, as onnx.proto3
  // numbers them: a library for thirty bytes would be a large thing.

  private static final int UINT8 = 2;
  private static final int INT8 = 3;
  private static final int INT32 = 6;

  private static byte[] model() {
    byte[] node =
        message(
            text(1, "a"), text(1, "b"), text(1, "zero"), text(2, "y"), text(4, "MatMulInteger"));
    byte[] zero =
        message(number(2, UINT8), text(8, "zero"), bytes(9, new byte[] {(byte) ZERO})); // a scalar
    byte[] graph =
        message(
            bytes(1, node),
            text(2, "product"),
            bytes(5, zero),
            bytes(11, matrix("a", UINT8)),
            bytes(11, matrix("b", INT8)),
            bytes(12, matrix("y", INT32)));
    byte[] operators = message(text(1, ""), number(2, 13));
    return message(number(1, 8), bytes(7, graph), bytes(8, operators));
  }

  private static byte[] matrix(String name, int type) {
    byte[] shape = message(bytes(1, text(2, name + "_rows")), bytes(1, text(2, name + "_columns")));
    byte[] tensor = message(number(1, type), bytes(2, shape));
    return message(text(1, name), bytes(2, bytes(1, tensor)));
  }

  private static byte[] message(byte[]... fields) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] field : fields) {
      out.writeBytes(field);
    }
    return out.toByteArray();
  }

  private static byte[] text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  private static byte[] bytes(int field, byte[] value) {
    return message(varint((field << 3) | 2), varint(value.length), value);
  }

  private static byte[] number(int field, int value) {
    return message(varint(field << 3), varint(value));
  }

  private static byte[] varint(int value) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int rest = value;
    while (rest > 127) {
      out.write((rest & 127) | 128);
      rest >>>= 7;
    }
    out.write(rest);
    return out.toByteArray();
  }
}
