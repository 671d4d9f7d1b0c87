package dev.weft.ingest.wardrobe;

import java.util.List;
import java.util.SplittableRandom;

/**
 * The independent streams of randomness. Each thing drawn or written has a generator of its own,
 * keyed by the seed and its number, so that it does not depend on what was made before it.
 */
enum Chance {
  GARMENTS,
  TRIPLETS,
  CAPTIONS,
  DESCRIPTIONS,
  PAINT,
  CIRCO_GARMENTS,
  CIRCO_IDS,
  CIRCO_QUERIES,
  CIRCO_CAPTIONS,
  CIRCO_PAINT;

  /** The generator of item {@code number} of this stream. */
  SplittableRandom of(long seed, long number) {
    return new SplittableRandom(mix(mix(mix(seed) + name().hashCode()) + number));
  }

  /** One of {@code values}, each as likely. */
  static <T> T pick(List<T> values, SplittableRandom random) {
    return values.get(random.nextInt(values.size()));
  }

  /** Puts {@code values} into a random order, each as likely (Fisher and Yates). */
  static void shuffle(int[] values, SplittableRandom random) {
    for (int last = values.length - 1; last > 0; last--) {
      int other = random.nextInt(last + 1);
      int kept = values[last];
      values[last] = values[other];
      values[other] = kept;
    }
  }

  /** The finaliser of MurmurHash3 (Appleby), a bijection that spreads every bit over all. */
  private static long mix(long value) {
    long mixed = value + 0x9E3779B97F4A7C15L;
    mixed = (mixed ^ (mixed >>> 33)) * 0xFF51AFD7ED558CCDL;
    mixed = (mixed ^ (mixed >>> 33)) * 0xC4CEB9FE1A85EC53L;
    return mixed ^ (mixed >>> 33);
  }
}
