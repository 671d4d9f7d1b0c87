package dev.weft.release;

import dev.weft.config.Rules;
import dev.weft.evaluate.Family;

/**
 * Settings of scheduled fine-tuning, read from the {@code fine-tune.*} keys.
 *
 * @param start where the training of the challenger starts
 * @param ifUnfit what to do where the champion's head cannot be that start
 * @param encoder whether the encoder is trained again on the new images
 * @param refreshIndex whether new images become searchable by the champion's head where no
 *     challenger takes its place
 * @param protocol name of the protocol that decides, or empty for the first that evaluate has
 * @param metric the metric that decides, or empty for that of the protocol's family
 * @param minimumGain how much better the challenger is at least by the lower end of the interval, a
 *     fraction from -1 to 1
 * @param worstCategoryLoss how much worse it is at most in any category, a fraction from 0 to 1
 * @param confidence of the interval, above 0.5 and below 1
 * @param resamples of the bootstrap, at least 100
 */
public record FineTuneConfig(
    Start start,
    IfUnfit ifUnfit,
    EncoderChoice encoder,
    boolean refreshIndex,
    String protocol,
    String metric,
    double minimumGain,
    double worstCategoryLoss,
    double confidence,
    int resamples) {

  /** Where the training of a challenger starts. */
  public enum Start {
    /** At the parameters of the released head, with a fresh optimiser. */
    CHAMPION,
    /** At random parameters. */
    SCRATCH
  }

  /** What to do with a start that does not fit. */
  public enum IfUnfit {
    /** Say why, and start at random parameters. */
    SCRATCH,
    /** Stop with exit code 78. */
    FAIL
  }

  /** Which encoder a run works with. */
  public enum EncoderChoice {
    /** That of the release. */
    KEEP,
    /** One that align trains on the images there are now. */
    ALIGN
  }

  public FineTuneConfig {
    Rules.of("fine-tune")
        .require(
            minimumGain >= -1 && minimumGain <= 1, "minimum-gain", minimumGain, "must be -1 to 1")
        .require(
            worstCategoryLoss >= 0 && worstCategoryLoss <= 1,
            "worst-category-loss",
            worstCategoryLoss,
            "must be 0 to 1")
        .require(
            confidence > 0.5 && confidence < 1,
            "confidence",
            confidence,
            "must be above 0.5 and below 1")
        .require(resamples >= 100, "resamples", resamples, "must be at least 100")
        .enforce();
  }

  /** The metric that decides in a family. */
  public String metric(Family family) {
    if (!metric.isBlank()) {
      return metric;
    }
    return switch (family) {
      case FASHIONIQ -> "R@10";
      case CIRCO -> "mAP@10";
      case CIRR -> "R@5";
    };
  }
}
