package dev.weft.compute;

/**
 * Names a stream of random numbers by what it is for, so that the same draw can be repeated
 * anywhere.
 *
 * <p>Every part passes the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast Splittable
 * Pseudorandom Number Generators", OOPSLA 2014), so neighbouring steps or rows get unrelated keys.
 */
public final class RandomKey {
  private static final long GOLDEN_GAMMA = 0x9e3779b97f4a7c15L;

  private RandomKey() {}

  /** The key of (seed, parts...); the order of the parts matters. */
  public static long of(long seed, long... parts) {
    long key = mix(seed + GOLDEN_GAMMA);
    for (long part : parts) {
      key = mix((key ^ part) + GOLDEN_GAMMA);
    }
    return key;
  }

  private static long mix(long value) {
    long z = value;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
