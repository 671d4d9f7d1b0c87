package dev.weft.ingest;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Counts the rows that were left out, and stops a stage that lost too many. Two counts add up, so
 * each task can count its own.
 *
 * @param rows all rows, good and bad
 * @param counts bad rows by reason
 * @param examples one bad row of each reason
 */
public record BadRows(long rows, Map<Reason, Long> counts, Map<Reason, Finding> examples) {
  private static final int SHOWN = 3;

  public BadRows {
    counts = Map.copyOf(counts);
    examples = Map.copyOf(examples);
  }

  /**
   * @param good how many rows were kept
   * @param bad the rows that were not
   */
  public static BadRows of(long good, List<Finding> bad) {
    Map<Reason, Long> counts = new EnumMap<>(Reason.class);
    Map<Reason, Finding> examples = new EnumMap<>(Reason.class);
    for (Finding finding : bad) {
      counts.merge(finding.reason(), 1L, Long::sum);
      examples.putIfAbsent(finding.reason(), finding);
    }
    return new BadRows(good + bad.size(), counts, examples);
  }

  /** Both together; the examples of this one stay. */
  public BadRows plus(BadRows other) {
    Map<Reason, Long> sums = new EnumMap<>(Reason.class);
    sums.putAll(counts);
    other.counts.forEach((reason, count) -> sums.merge(reason, count, Long::sum));
    Map<Reason, Finding> shown = new EnumMap<>(Reason.class);
    shown.putAll(other.examples);
    shown.putAll(examples);
    return new BadRows(rows + other.rows, sums, shown);
  }

  /** How many rows are bad. */
  public long bad() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Stops if the share of bad rows is above the limit.
   *
   * @param what what a row is, in the plural, such as {@code images}
   * @param dataset name of the data set
   * @param maxBadFraction the limit, 0 to 1
   * @throws WeftException with {@link ExitCode#BAD_ROWS}, naming the worst reasons
   */
  public void enforce(String what, String dataset, double maxBadFraction) {
    if (bad() == 0 || bad() <= maxBadFraction * rows) {
      return;
    }
    String worst =
        counts.entrySet().stream()
            .sorted(
                Map.Entry.<Reason, Long>comparingByValue(Comparator.reverseOrder())
                    .thenComparing(Map.Entry.comparingByKey()))
            .limit(SHOWN)
            .map(entry -> entry.getValue() + " x " + examples.get(entry.getKey()).describe())
            .collect(Collectors.joining("; "));
    throw new WeftException(
        ExitCode.BAD_ROWS,
        "Cannot ingest %s: %d of %d %s are bad (%.2f%%), more than ingest.max-bad-fraction allows"
            + " (%.2f%%). Worst: %s. Mend the files, or raise ingest.max-bad-fraction.",
        dataset,
        bad(),
        rows,
        what,
        100.0 * bad() / rows,
        100.0 * maxBadFraction,
        worst);
  }
}
