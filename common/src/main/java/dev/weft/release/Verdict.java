package dev.weft.release;

import dev.weft.config.ConfigException;
import dev.weft.evaluate.Comparison;
import dev.weft.evaluate.Comparison.Difference;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Whether a challenger takes the place of the champion. Two rules, both on queries that both heads
 * answered:
 *
 * <ol>
 *   <li>the lower end of the paired bootstrap interval of the gain is at least {@code
 *       fine-tune.minimum-gain}: at the stated confidence the gain is not smaller;
 *   <li>in no category is the challenger worse by more than {@code fine-tune.worst-category-loss}.
 *       That is the difference itself: intervals within one category are wide, and their ends would
 *       refuse nearly everything.
 * </ol>
 *
 * @param promote whether both rules hold
 * @param reasons what was found, a line for each rule that failed, or one for the gain
 * @param metric the metric that decided
 * @param gain the difference by it, over all categories
 * @param categories the difference in each category, by name
 */
public record Verdict(
    boolean promote,
    List<String> reasons,
    String metric,
    Difference gain,
    Map<String, Difference> categories) {

  /** Differences of fractions: 0.48 - 0.5 is not quite -0.02. */
  private static final double ROUNDING = 1e-9;

  public Verdict {
    reasons = List.copyOf(reasons);
  }

  /**
   * Applies the rules.
   *
   * @param comparison of champion (first) and challenger (second)
   * @param metric as {@link Comparison} names it
   */
  public static Verdict of(Comparison comparison, String metric, FineTuneConfig rules) {
    Difference gain = comparison.by(metric).orElseThrow(() -> unknown(comparison, metric));
    Map<String, Difference> categories = new LinkedHashMap<>();
    for (Difference one : comparison.differences()) {
      if (one.metric().endsWith("/" + metric)) {
        String name = one.metric().substring(0, one.metric().length() - metric.length() - 1);
        categories.put(name, one);
      }
    }
    List<String> against = new ArrayList<>();
    if (gain.low() < rules.minimumGain() - ROUNDING) {
      against.add(
          words(metric, gain, rules)
              + String.format(
                  Locale.ROOT,
                  ", which may be below fine-tune.minimum-gain (%s)",
                  rules.minimumGain()));
    }
    categories.forEach(
        (category, difference) -> {
          if (difference.value() < -rules.worstCategoryLoss() - ROUNDING) {
            against.add(
                words(category + "/" + metric, difference, rules)
                    + String.format(
                        Locale.ROOT,
                        ", worse by more than fine-tune.worst-category-loss (%s)",
                        rules.worstCategoryLoss()));
          }
        });
    return new Verdict(
        against.isEmpty(),
        against.isEmpty() ? List.of(words(metric, gain, rules)) : against,
        metric,
        gain,
        categories);
  }

  private static String words(String metric, Difference one, FineTuneConfig rules) {
    return String.format(
        Locale.ROOT,
        "%s %.4f -> %.4f: %+.4f, %s %% interval [%+.4f, %+.4f]",
        metric,
        one.first(),
        one.second(),
        one.value(),
        BigDecimal.valueOf(Math.round(rules.confidence() * 10_000), 2)
            .stripTrailingZeros()
            .toPlainString(),
        one.low(),
        one.high());
  }

  private static ConfigException unknown(Comparison comparison, String metric) {
    return new ConfigException(
        "the configuration",
        List.of(
            new ConfigException.Problem(
                "fine-tune.metric",
                "must be one of the metrics of "
                    + comparison.protocol()
                    + " ("
                    + String.join(
                        ", ", comparison.differences().stream().map(Difference::metric).toList())
                    + ") or '', found '"
                    + metric
                    + "'")));
  }
}
