package dev.weft.index;

/**
 * N whole numbers of a few bits each, one after the other.
 *
 * <p>Filled by {@link #set} by one thread; not changed afterwards, and then safe to share.
 */
final class PackedNumbers {
  private final long[] words;
  private final int bits;
  private final long mask;

  /**
   * Takes memory for zeros.
   *
   * @param size N
   * @param bits of each number, 0 to 63
   */
  PackedNumbers(int size, int bits) {
    this.bits = bits;
    mask = (1L << bits) - 1;
    words = new long[Math.toIntExact((((long) size * bits) >>> 6) + 2)];
  }

  /** Bits that hold the numbers from 0 to the largest. */
  static int bits(int largest) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(largest);
  }

  long get(int i) {
    long bit = (long) i * bits;
    int word = (int) (bit >>> 6);
    int shift = (int) (bit & 63);
    long value = words[word] >>> shift;
    if (shift + bits > Long.SIZE) {
      value |= words[word + 1] << (Long.SIZE - shift);
    }
    return value & mask;
  }

  /** Sets a number that is zero still. */
  void set(int i, long value) {
    long bit = (long) i * bits;
    int word = (int) (bit >>> 6);
    int shift = (int) (bit & 63);
    words[word] |= value << shift;
    if (shift + bits > Long.SIZE) {
      words[word + 1] |= value >>> (Long.SIZE - shift);
    }
  }

  long bytes() {
    return 8L * words.length;
  }
}
