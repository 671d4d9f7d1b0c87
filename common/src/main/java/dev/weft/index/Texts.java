package dev.weft.index;

import dev.weft.compute.Workers;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * N texts in UTF-8, each by what it does not share with the one before: sorted ids take a few bytes
 * each, and long runs of equal texts next to nothing.
 *
 * <p>In blocks of {@value #BLOCK} texts, each of which is read from its beginning. A text is a byte
 * with the lengths of what it shares and of the rest, four bits each; for a length of {@value
 * #LONG} or more what is beyond that, seven bits to a byte; and the rest. A block of equal texts is
 * that text once, and blocks of the same text after it point to it.
 *
 * <p>Immutable, and safe to share between threads.
 */
final class Texts {
  private static final int BLOCK = 32;
  private static final int PART = 1 << 16;
  private static final int LONG = 15;

  private final Part[] parts;

  /**
   * Some texts.
   *
   * @param bytes what they consist of
   * @param starts where each block begins; the complement of it, where all its texts are equal
   */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Part(byte[] bytes, int[] starts) {}

  private Texts(Part[] parts) {
    this.parts = parts;
  }

  /** Gives texts by their numbers. */
  @FunctionalInterface
  interface Source {
    byte[] text(int number);
  }

  /** Packs texts, which are asked for once each by any of the workers. */
  static Texts of(int size, Source source, Workers workers) {
    Part[] parts = new Part[(size + PART - 1) / PART];
    workers.run(
        parts.length,
        (worker, part) -> {
          int count = Math.min(PART, size - part * PART);
          parts[part] = new Packer(source, part * PART, count).pack();
        });
    return new Texts(parts);
  }

  String get(int number) {
    Reader reader = read(number);
    return new String(reader.text, 0, reader.length, StandardCharsets.UTF_8);
  }

  byte[] bytes(int number) {
    Reader reader = read(number);
    return Arrays.copyOf(reader.text, reader.length);
  }

  /** Whether a text is this one. */
  boolean is(int number, byte[] text) {
    Reader reader = read(number);
    return Arrays.equals(reader.text, 0, reader.length, text, 0, text.length);
  }

  long bytes() {
    long bytes = 0;
    for (Part part : parts) {
      bytes += part.bytes.length + 4L * part.starts.length;
    }
    return bytes;
  }

  private Reader read(int number) {
    Part part = parts[number / PART];
    int start = part.starts[number % PART / BLOCK];
    Reader reader = new Reader(part.bytes, start < 0 ? ~start : start);
    for (int texts = start < 0 ? 1 : number % BLOCK + 1; texts > 0; texts--) {
      reader.next();
    }
    return reader;
  }

  /** Reads one text after the other. */
  private static final class Reader {
    private final byte[] bytes;
    private int at;
    private byte[] text = new byte[64];
    private int length;

    Reader(byte[] bytes, int at) {
      this.bytes = bytes;
      this.at = at;
    }

    void next() {
      int lengths = bytes[at++];
      int shared = length((lengths >> 4) & LONG);
      int rest = length(lengths & LONG);
      length = shared + rest;
      if (length > text.length) {
        text = Arrays.copyOf(text, Math.max(length, 2 * text.length));
      }
      System.arraycopy(bytes, at, text, shared, rest);
      at += rest;
    }

    private int length(int stated) {
      if (stated < LONG) {
        return stated;
      }
      int more = 0;
      int shift = 0;
      while (bytes[at] < 0) {
        more |= (bytes[at++] & 0x7f) << shift;
        shift += 7;
      }
      return LONG + (more | (bytes[at++] << shift));
    }
  }

  /** Packs the texts of one part. */
  private static final class Packer {
    private final byte[][] texts;
    private final int[] starts;
    private byte[] bytes = new byte[1 << 16];
    private int at;

    Packer(Source source, int first, int count) {
      texts = new byte[count][];
      Arrays.setAll(texts, i -> source.text(first + i));
      starts = new int[(count + BLOCK - 1) / BLOCK];
    }

    Part pack() {
      for (int block = 0; block < starts.length; block++) {
        int from = block * BLOCK;
        int to = Math.min(texts.length, from + BLOCK);
        if (!equal(from, to)) {
          starts[block] = at;
          for (int i = from; i < to; i++) {
            put(texts[i], i == from ? 0 : shared(texts[i - 1], texts[i]));
          }
        } else if (block > 0
            && starts[block - 1] < 0
            && Arrays.equals(texts[from], texts[from - 1])) {
          starts[block] = starts[block - 1];
        } else {
          starts[block] = ~at;
          put(texts[from], 0);
        }
      }
      return new Part(Arrays.copyOf(bytes, at), starts);
    }

    private boolean equal(int from, int to) {
      for (int i = from + 1; i < to; i++) {
        if (!Arrays.equals(texts[from], texts[i])) {
          return false;
        }
      }
      return true;
    }

    private static int shared(byte[] before, byte[] text) {
      int difference = Arrays.mismatch(before, text);
      return difference < 0 ? text.length : difference;
    }

    private void put(byte[] text, int shared) {
      int rest = text.length - shared;
      int most = rest + 11; // the lengths: a byte, and five more for each
      if (at + most > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(at, most), bytes.length / 2 * 3));
      }
      bytes[at++] = (byte) ((Math.min(shared, LONG) << 4) | Math.min(rest, LONG));
      length(shared - LONG);
      length(rest - LONG);
      System.arraycopy(text, shared, bytes, at, rest);
      at += rest;
    }

    private void length(int beyond) {
      if (beyond < 0) {
        return;
      }
      int left = beyond;
      while (left > 0x7f) {
        bytes[at++] = (byte) (left | 0x80);
        left >>>= 7;
      }
      bytes[at++] = (byte) left;
    }
  }
}
