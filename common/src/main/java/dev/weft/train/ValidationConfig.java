package dev.weft.train;

import dev.weft.config.Rules;
import java.util.Locale;

/**
 * How a head is validated while it is trained: the {@code train.validation.*} keys.
 *
 * @param on the data it is scored on
 * @param share of the target images that are set apart for a hold-out, above 0 and below 1
 * @param every epochs between two validations, at least 1; the last epoch always has one
 * @param metric a metric of the protocol, or empty for the score that its family chooses heads by
 * @param select which state becomes the head
 * @param patience validations in a row without a new best after which the run ends, 0 for never
 */
public record ValidationConfig(
    On on, double share, int every, String metric, Select select, int patience) {

  /** What a head is scored on. */
  public enum On {
    /** Nothing. */
    NONE,
    /** The split val of the first data set that has one, by the protocol of evaluate. */
    VAL,
    /** Training triplets that are set apart. */
    HOLD_OUT
  }

  /** Which state becomes the head. */
  public enum Select {
    /** The state after the last step. */
    LAST,
    /** The state with the best score, the earliest of equals. */
    BEST
  }

  public ValidationConfig {
    Rules.of("train.validation")
        .require(share > 0 && share < 1, "share", share, "must be above 0 and below 1")
        .require(every >= 1, "every", every, "must be at least 1")
        .require(
            select == Select.LAST || on != On.NONE,
            "select",
            select.name().toLowerCase(Locale.ROOT),
            "must be last where train.validation.on is none")
        .require(
            patience == 0 || (patience > 0 && on != On.NONE),
            "patience",
            patience,
            "must be 0 (never end early), or above where train.validation.on is not none")
        .enforce();
  }

  /** Whether the head depends on the scores, so that they are no measure of it. */
  public boolean selects() {
    return select == Select.BEST || patience > 0;
  }
}
