package dev.weft.encode;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The head of a {@code .npy} file that holds a matrix of vectors, row by row.
 *
 * <p>Source: the NumPy documentation, {@code numpy.lib.format}, versions 1.0 to 3.0.
 *
 * @param type of a number
 * @param rows N
 * @param columns D
 * @param bytes of the header: where the first row begins
 */
public record NpyHeader(Type type, long rows, int columns, int bytes) implements Serializable {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int ALIGNMENT = 64;
  private static final Pattern TYPE = Pattern.compile("'descr'\\s*:\\s*'([^']+)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\((\\d+, *\\d+)\\)");

  /** The types of numbers that are read, all little-endian. */
  public enum Type {
    /** Half precision. */
    F2("<f2", 2),
    /** Single precision. */
    F4("<f4", 4),
    /** Double precision. */
    F8("<f8", 8);

    private final String code;
    private final int bytes;

    Type(String code, int bytes) {
      this.code = code;
      this.bytes = bytes;
    }

    /** Size of a number. */
    public int bytes() {
      return bytes;
    }
  }

  /**
   * Reads a header.
   *
   * @throws IOException saying what is wrong with it
   */
  public static NpyHeader read(InputStream stream) throws IOException {
    DataInputStream in = new DataInputStream(stream);
    byte[] head = new byte[MAGIC.length + 2];
    try {
      in.readFully(head);
      if (!Arrays.equals(head, 0, MAGIC.length, MAGIC, 0, MAGIC.length)) {
        throw new IOException("it is no .npy file");
      }
      int lengthBytes = head[MAGIC.length] == 1 ? 2 : 4;
      int length =
          lengthBytes == 2
              ? Short.toUnsignedInt(Short.reverseBytes(in.readShort()))
              : Integer.reverseBytes(in.readInt());
      if (length < 0 || length > 1 << 20) {
        throw new IOException("its header has " + length + " bytes");
      }
      byte[] text = new byte[length];
      in.readFully(text);
      return parse(
          new String(text, StandardCharsets.UTF_8), head.length + lengthBytes + text.length);
    } catch (EOFException e) {
      throw new IOException("it ends in its header", e);
    }
  }

  private static NpyHeader parse(String text, int bytes) throws IOException {
    String code = find(TYPE, text);
    String[] shape = find(SHAPE, text).replace(" ", "").split(",", -1);
    Optional<Type> type =
        Arrays.stream(Type.values()).filter(known -> known.code.equals(code)).findFirst();
    if (type.isEmpty() || shape.length != 2 || !find(ORDER, text).equals("False")) {
      throw new IOException(
          "it holds "
              + text.strip()
              + "; a matrix of '<f2', '<f4' or '<f8' in C order, shape (N, D), is needed");
    }
    return new NpyHeader(type.get(), Long.parseLong(shape[0]), Integer.parseInt(shape[1]), bytes);
  }

  private static String find(Pattern pattern, String text) {
    Matcher found = pattern.matcher(text);
    return found.find() ? found.group(1) : "";
  }

  /** The header of a matrix of single precision, as NumPy writes it. */
  public static byte[] of(long rows, int columns) {
    String text =
        "{'descr': '<f4', 'fortran_order': False, 'shape': (" + rows + ", " + columns + "), }";
    int before = MAGIC.length + 4;
    int all = (before + text.length() + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    ByteBuffer header = ByteBuffer.allocate(all).order(ByteOrder.LITTLE_ENDIAN);
    header.put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) (all - before));
    header.put(text.getBytes(StandardCharsets.US_ASCII));
    while (header.remaining() > 1) {
      header.put((byte) ' ');
    }
    return header.put((byte) '\n').array();
  }

  /** Bytes of a row. */
  public int rowBytes() {
    return columns * type.bytes;
  }

  /** Where a row begins. */
  public long at(long row) {
    return bytes + row * rowBytes();
  }

  /**
   * The numbers of a row.
   *
   * @param row its {@link #rowBytes} bytes
   */
  public float[] vector(byte[] row) {
    ByteBuffer buffer = ByteBuffer.wrap(row).order(ByteOrder.LITTLE_ENDIAN);
    float[] vector = new float[columns];
    for (int i = 0; i < columns; i++) {
      vector[i] =
          switch (type) {
            case F2 -> half(buffer.getShort());
            case F4 -> buffer.getFloat();
            case F8 -> (float) buffer.getDouble();
          };
    }
    return vector;
  }

  /** IEEE 754 binary16: sign, five bits of exponent, ten of fraction. */
  private static float half(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    float size =
        switch (exponent) {
          case 0 -> fraction * 0x1p-24f;
          case 0x1F -> fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
          default -> Math.scalb(1 + fraction * 0x1p-10f, exponent - 15);
        };
    return bits < 0 ? -size : size;
  }
}
