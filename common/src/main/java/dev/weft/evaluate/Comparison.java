package dev.weft.evaluate;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.evaluate.Outcomes.Outcome;
import dev.weft.evaluate.Outcomes.Query;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/**
 * Two heads on the same queries: by how much the second is better, how sure that is, and where.
 *
 * <p>The interval of a difference is the paired percentile bootstrap: queries are drawn with
 * replacement, within each category as many as it has, and both heads are scored on the drawn ones.
 * It says how the difference could vary with other queries of the same kind; it says nothing of
 * other training seeds. Equal seeds give equal intervals.
 *
 * <p>Source: Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13; paired as
 * by Koehn, "Statistical Significance Tests for Machine Translation Evaluation", EMNLP 2004.
 *
 * @param protocol name of the protocol
 * @param caption its counts and tie rule
 * @param first what the second is compared with
 * @param second the other
 * @param differences one per metric, in reading order
 * @param changes the queries on which they differ, largest gain of the second first
 */
public record Comparison(
    String protocol,
    String caption,
    String first,
    String second,
    List<Difference> differences,
    List<Change> changes) {
  private static final List<Integer> SUBSET_CUTOFFS = List.of(1, 2, 3);
  private static final double USUAL_CONFIDENCE = 0.95;

  public Comparison {
    differences = List.copyOf(differences);
    changes = List.copyOf(changes);
  }

  /**
   * One metric.
   *
   * @param metric as {@link Metrics} names it
   * @param first value of the first, a fraction
   * @param second value of the second
   * @param low lower end of the interval of second - first, of 95 % if not said otherwise
   * @param high upper end
   * @param wins queries on which the second is better by this metric
   * @param losses queries on which it is worse
   */
  public record Difference(
      String metric, double first, double second, double low, double high, int wins, int losses) {

    /** Second - first. */
    public double value() {
      return second - first;
    }

    /** Whether the interval leaves zero out. */
    public boolean certain() {
      return low > 0 || high < 0;
    }
  }

  /**
   * One query on which the two differ.
   *
   * @param query the query
   * @param first rank of the target by the first, 0 where it is no candidate
   * @param second rank by the second
   * @param gain by how much the second is better: of AP at the largest cut-off, or of 1 / rank
   */
  public record Change(Query query, int first, int second, double gain) {}

  /**
   * How the interval is drawn.
   *
   * @param resamples at least 100
   * @param seed equal seeds give equal intervals
   * @param confidence share of the resampled differences between the ends of the interval
   */
  public record Bootstrap(int resamples, long seed, double confidence) {
    /** The usual 95 % interval. */
    public Bootstrap(int resamples, long seed) {
      this(resamples, seed, USUAL_CONFIDENCE);
    }

    public Bootstrap {
      if (resamples < 100) {
        throw new WeftException(
            ExitCode.USAGE,
            "Cannot draw an interval from %d resamples: at least 100 are needed, 10000 are usual.",
            resamples);
      }
    }
  }

  /** More than sums of fractions are off by: a tenth and two twentieths less are nothing. */
  private static final double ROUNDING = 1e-12;

  /** A metric as the mean over groups of the mean over their queries. */
  private record Measure(
      String name, Collection<List<Integer>> groups, ToDoubleFunction<Outcome> value) {}

  /** One of several outcomes with the name of its head. */
  public record Side(Outcomes outcomes, String head) {
    List<Outcome> of() {
      List<Outcome> found = outcomes.heads().get(head);
      if (found == null) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot compare the head '%s' on %s: only %s were evaluated. Name one of them with"
                + " --heads.",
            head,
            outcomes.protocol(),
            outcomes.heads().keySet());
      }
      return found;
    }
  }

  /**
   * Compares.
   *
   * @param cutoffs {@code evaluate.cutoffs}
   * @throws WeftException if the two were not measured by the same protocol on the same queries
   */
  public static Comparison of(Side first, Side second, List<Integer> cutoffs, Bootstrap bootstrap) {
    requireSame(first.outcomes(), second.outcomes());
    List<Query> queries = first.outcomes().queries();
    List<Outcome> before = first.of();
    List<Outcome> after = second.of();
    List<Difference> differences = new ArrayList<>();
    for (Measure measure : measures(first.outcomes(), cutoffs)) {
      differences.add(difference(measure, before, after, bootstrap));
    }
    List<Change> changes =
        IntStream.range(0, queries.size())
            .mapToObj(
                i ->
                    new Change(
                        queries.get(i),
                        before.get(i).targetRank(),
                        after.get(i).targetRank(),
                        after.get(i).merit() - before.get(i).merit()))
            .filter(change -> change.gain() != 0)
            .sorted(Comparator.comparingDouble(Change::gain).reversed())
            .toList();
    return new Comparison(
        first.outcomes().protocol(),
        first.outcomes().caption(),
        first.head(),
        second.head(),
        differences,
        changes);
  }

  private static void requireSame(Outcomes first, Outcomes second) {
    if (!first.protocol().equals(second.protocol())) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot compare numbers of %s with numbers of %s: they have other candidates or other"
              + " queries. Evaluate both by one protocol.",
          first.protocol(),
          second.protocol());
    }
    if (!first.caption().equals(second.caption())) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot compare two measurements by %s: the first is of '%s', the second of '%s'."
              + " Evaluate both on the same version of ingest.",
          first.protocol(),
          first.caption(),
          second.caption());
    }
    for (int i = 0; i < first.queries().size(); i++) {
      Query one = first.queries().get(i);
      Query other = second.queries().get(i);
      if (!one.category().equals(other.category())
          || !one.id().equals(other.id())
          || !one.reference().equals(other.reference())
          || !one.groundTruths().equals(other.groundTruths())) {
        throw new WeftException(
            ExitCode.CONFIG,
            "Cannot compare two measurements by %s: %s of the first asks for other images than %s"
                + " of the second. Evaluate both on the same version of ingest.",
            first.protocol(),
            one.name(),
            other.name());
      }
    }
  }

  private static List<Measure> measures(Outcomes outcomes, List<Integer> configured) {
    List<Query> queries = outcomes.queries();
    Family family = outcomes.family();
    List<Integer> cutoffs = family.cutoffs(configured);
    Map<String, List<Integer>> categories = new TreeMap<>();
    Map<String, List<Integer>> aspects = new TreeMap<>();
    for (int i = 0; i < queries.size(); i++) {
      int place = i;
      categories.computeIfAbsent(queries.get(i).category(), key -> new ArrayList<>()).add(place);
      queries
          .get(i)
          .aspects()
          .forEach(aspect -> aspects.computeIfAbsent(aspect, key -> new ArrayList<>()).add(place));
    }
    List<Measure> measures = new ArrayList<>();
    for (int i = 0; i < cutoffs.size() && family == Family.CIRCO; i++) {
      int at = i;
      measures.add(
          new Measure(
              "mAP@" + cutoffs.get(i),
              categories.values(),
              outcome -> outcome.averagePrecisions().get(at)));
    }
    for (int cutoff : cutoffs) {
      measures.add(
          new Measure(
              (family == Family.CIRCO ? "Recall@" : "R@") + cutoff,
              categories.values(),
              outcome -> outcome.recallAt(cutoff)));
    }
    if (family == Family.CIRR) {
      for (int cutoff : SUBSET_CUTOFFS) {
        measures.add(
            new Measure(
                "R_subset@" + cutoff,
                categories.values(),
                outcome -> outcome.subsetRecallAt(cutoff)));
      }
    }
    categories.forEach(
        (category, members) -> {
          for (int cutoff : category.isEmpty() ? List.<Integer>of() : cutoffs) {
            measures.add(
                new Measure(
                    category + "/R@" + cutoff,
                    List.of(members),
                    outcome -> outcome.recallAt(cutoff)));
          }
        });
    int at = cutoffs.indexOf(10);
    if (family == Family.CIRCO) {
      aspects.forEach(
          (aspect, members) ->
              measures.add(
                  new Measure(
                      "semantic/" + aspect + "/mAP@10",
                      List.of(members),
                      outcome -> outcome.averagePrecisions().get(at))));
    }
    return measures;
  }

  private static Difference difference(
      Measure measure, List<Outcome> before, List<Outcome> after, Bootstrap bootstrap) {
    double first = 0;
    double second = 0;
    int wins = 0;
    int losses = 0;
    List<double[]> gains = new ArrayList<>();
    for (List<Integer> group : measure.groups()) {
      double[] gain = new double[group.size()];
      double sumBefore = 0;
      double sumAfter = 0;
      for (int i = 0; i < gain.length; i++) {
        double old = measure.value().applyAsDouble(before.get(group.get(i)));
        double fresh = measure.value().applyAsDouble(after.get(group.get(i)));
        gain[i] = fresh - old;
        sumBefore += old;
        sumAfter += fresh;
        wins += gain[i] > 0 ? 1 : 0;
        losses += gain[i] < 0 ? 1 : 0;
      }
      first += sumBefore / gain.length;
      second += sumAfter / gain.length;
      gains.add(gain);
    }
    int groups = gains.size();
    double[] resampled = resampled(gains, bootstrap);
    // Halves and hundredths are not exact in binary: 0.025 * 2000 is to be 50.
    int cut = (int) Math.floor((1 - bootstrap.confidence()) / 2 * resampled.length + 1e-9);
    return new Difference(
        measure.name(),
        first / groups,
        second / groups,
        resampled[cut],
        resampled[resampled.length - 1 - cut],
        wins,
        losses);
  }

  /** Differences on drawn queries, ascending. */
  private static double[] resampled(List<double[]> gains, Bootstrap bootstrap) {
    SplittableRandom random = new SplittableRandom(bootstrap.seed());
    double[] resampled = new double[bootstrap.resamples()];
    for (int resample = 0; resample < resampled.length; resample++) {
      double total = 0;
      for (double[] gain : gains) {
        double sum = 0;
        for (int i = 0; i < gain.length; i++) {
          sum += gain[random.nextInt(gain.length)];
        }
        total += sum / gain.length;
      }
      double mean = total / gains.size();
      resampled[resample] = Math.abs(mean) < ROUNDING ? 0 : mean;
    }
    Arrays.sort(resampled);
    return resampled;
  }

  /** The difference of one metric. */
  public Optional<Difference> by(String metric) {
    return differences.stream().filter(one -> one.metric().equals(metric)).findFirst();
  }

  /** The differences as metric to {first, second, difference, low, high, wins, losses}. */
  public Map<String, Map<String, Number>> named() {
    Map<String, Map<String, Number>> named = new LinkedHashMap<>();
    for (Difference one : differences) {
      Map<String, Number> figures = new LinkedHashMap<>();
      figures.put("first", one.first());
      figures.put("second", one.second());
      figures.put("difference", one.value());
      figures.put("low", one.low());
      figures.put("high", one.high());
      figures.put("wins", one.wins());
      figures.put("losses", one.losses());
      named.put(one.metric(), figures);
    }
    return named;
  }
}
