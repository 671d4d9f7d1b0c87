package dev.weft.jobs.train;

import dev.weft.compute.RandomKey;
import java.util.function.Predicate;

/**
 * Which images are the targets of a hold-out: drawn by what is in the file, so that one image under
 * two names is held out under both, and an image stays where it is when others come.
 *
 * @param seed seed of the run
 * @param share of the images, 0 for none
 */
record HoldOut(long seed, double share) implements Predicate<String> {
  private static final long HOLD_OUT = 5;
  private static final double UNIT = 0x1p-53;

  /** Whether the image with this SHA-256 is held out. */
  @Override
  public boolean test(String sha256) {
    return (RandomKey.of(seed, HOLD_OUT, sha256.hashCode()) >>> 11) * UNIT < share;
  }
}
