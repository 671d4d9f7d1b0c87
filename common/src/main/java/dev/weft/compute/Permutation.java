package dev.weft.compute;

/**
 * A keyed bijection of 0..size-1 that needs no table: the order of the rows of one epoch.
 *
 * <p>A balanced Feistel network over the smallest even number of bits that holds the size, walked
 * along its cycle until the value falls inside the range (Black and Rogaway, "Ciphers with
 * Arbitrary Finite Domains", CT-RSA 2002). On average fewer than four walks are needed. Memory
 * O(1).
 *
 * <p>Instances are immutable.
 */
public final class Permutation {
  private static final int ROUNDS = 6;

  private final int size;
  private final int halfBits;
  private final int halfMask;
  private final long[] roundKeys = new long[ROUNDS];

  /**
   * @param size how many numbers are permuted, at least 1
   * @param key what selects the permutation
   */
  public Permutation(int size, long key) {
    if (size < 1) {
      throw new IllegalArgumentException("a permutation needs at least one number, got " + size);
    }
    this.size = size;
    int bits = 32 - Integer.numberOfLeadingZeros(size - 1);
    halfBits = Math.max(1, (bits + 1) / 2);
    halfMask = (1 << halfBits) - 1;
    for (int round = 0; round < ROUNDS; round++) {
      roundKeys[round] = RandomKey.of(key, round);
    }
  }

  /** Where a number goes, 0 to size - 1. */
  public int apply(int number) {
    if (number < 0 || number >= size) {
      throw new IndexOutOfBoundsException(number + " is not within 0.." + (size - 1));
    }
    long value = number;
    do {
      value = encipher(value);
    } while (value >= size);
    return (int) value;
  }

  private long encipher(long value) {
    long left = value >>> halfBits;
    long right = value & halfMask;
    for (long key : roundKeys) {
      long next = left ^ (RandomKey.of(key, right) & halfMask);
      left = right;
      right = next;
    }
    return left << halfBits | right;
  }
}
