package dev.weft.train;

import dev.weft.config.Rules;
import java.io.Serializable;

/**
 * Settings of the mining of hard negatives, read from the {@code mine.*} keys.
 *
 * @param head name of the head that ranks, or {@code best}
 * @param perTriplet hard negatives K of a triplet, at least 1
 * @param skip images at the top of a ranking that are passed over, at least 0
 * @param margin how much less than the target a negative scores at least, a cosine, -2 to 2
 * @param excludeReference whether the reference image of a triplet is no negative
 * @param partitions tasks, 0 for one per task slot; no result depends on it
 */
public record MineConfig(
    String head, int perTriplet, int skip, double margin, boolean excludeReference, int partitions)
    implements Serializable { // travels with every task

  public MineConfig {
    Rules.of("mine")
        .require(!head.isBlank(), "head", head, "must name a head, or be best")
        .require(perTriplet >= 1, "per-triplet", perTriplet, "must be at least 1")
        .require(skip >= 0, "skip", skip, "must be 0 (none) or more")
        .require(margin >= -2 && margin <= 2, "margin", margin, "must be -2 (no limit) to 2")
        .require(partitions >= 0, "partitions", partitions, "must be 0 (one per task slot) or more")
        .enforce();
  }
}
