package dev.weft.evaluate;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.evaluate.Protocol.Counts;
import dev.weft.rank.Hit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/**
 * What a head reached by one protocol, with everything needed to read the numbers rightly.
 *
 * <p>All values are fractions in [0, 1]. Names by family:
 *
 * <ul>
 *   <li>FashionIQ: {@code R@K}, the macro mean over categories, and {@code dress/R@K} per category;
 *   <li>CIRCO: {@code mAP@K} and {@code Recall@K}, the mean over queries, and {@code
 *       semantic/negation/mAP@10} over the queries with that aspect;
 *   <li>CIRR: {@code R@K} and {@code R_subset@K}, the mean over queries.
 * </ul>
 *
 * @param head fusion head, or a baseline
 * @param protocol name of the protocol
 * @param family shape of the protocol
 * @param counts sizes per category
 * @param tieRule how equal scores were ordered
 * @param values metric name to value, in reading order
 * @param degradedBecause why the numbers do not compare to published ones; empty if they do
 */
public record Metrics(
    String head,
    String protocol,
    Family family,
    Map<String, Counts> counts,
    String tieRule,
    Map<String, Double> values,
    List<String> degradedBecause) {
  private static final List<Integer> SUBSET_CUTOFFS = List.of(1, 2, 3);
  private static final int SEMANTIC_CUTOFF = 10;

  public Metrics {
    counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
    degradedBecause = List.copyOf(degradedBecause);
  }

  /**
   * Scores a head. The order of the queries does not matter, to the last bit.
   *
   * @param protocol how the rankings were made
   * @param head what made them
   * @param queries all queries of the protocol, each once
   * @param galleries category to number of images, the reference included
   * @param cutoffs {@code evaluate.cutoffs}
   * @param degradedBecause what is already known to be wrong with the data
   */
  public static Metrics of(
      Protocol protocol,
      String head,
      Collection<RankedQuery> queries,
      Map<String, Integer> galleries,
      List<Integer> cutoffs,
      List<String> degradedBecause) {
    if (queries.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot evaluate %s by %s: there are no queries. Ingest the split '%s' of '%s' with its"
              + " targets, or change evaluate.splits.",
          head,
          protocol,
          protocol.split(),
          protocol.dataset());
    }
    List<RankedQuery> sorted = sorted(protocol, queries);
    SortedMap<String, List<RankedQuery>> byCategory =
        sorted.stream()
            .collect(
                Collectors.groupingBy(RankedQuery::category, TreeMap::new, Collectors.toList()));
    Map<String, Double> values =
        switch (protocol.family()) {
          case FASHIONIQ -> fashioniq(byCategory, cutoffs);
          case CIRCO -> circo(sorted, protocol.family().cutoffs(cutoffs));
          case CIRR -> cirr(sorted, protocol.family().cutoffs(cutoffs));
        };
    Map<String, Counts> counts = counts(protocol, byCategory, galleries);
    List<String> reasons = new ArrayList<>(degradedBecause);
    reasons.addAll(differences(protocol, counts));
    return new Metrics(
        head, protocol.name(), protocol.family(), counts, Hit.TIE_RULE, values, reasons);
  }

  /** The same numbers under another name of the head. */
  public Metrics under(String name) {
    return new Metrics(name, protocol, family, counts, tieRule, values, degradedBecause);
  }

  /** The same numbers of rankings whose ties were broken in another way. */
  Metrics rankedBy(String rule) {
    return new Metrics(head, protocol, family, counts, rule, values, degradedBecause);
  }

  /**
   * What to say of queries whose target is no candidate: they can only be missed.
   *
   * @param queries rankings of whole galleries
   * @return one reason, or none
   */
  public static List<String> lostTargets(Collection<RankedQuery> queries) {
    long lost = queries.stream().filter(query -> query.targetRank().isEmpty()).count();
    return lost == 0
        ? List.of()
        : List.of(String.format(Locale.ROOT, "%,d targets are not in their gallery", lost));
  }

  /** Whether the numbers do not compare to published ones. */
  public boolean degraded() {
    return !degradedBecause.isEmpty();
  }

  /** Number of queries over all categories. */
  public int queries() {
    return counts.values().stream().mapToInt(Counts::queries).sum();
  }

  /** The values under the names of the {@code RESULT} line, where families stand side by side. */
  public Map<String, Double> published() {
    Map<String, Double> published = new LinkedHashMap<>();
    values.forEach((name, value) -> published.put(family.prefix() + name, value));
    return published;
  }

  /**
   * The one number heads are chosen by: (R@10 + R@50) / 2 as CLIP4Cir does on FashionIQ, mAP@5 on
   * CIRCO, (R@5 + R_subset@1) / 2 on CIRR.
   */
  public double selectionScore() {
    return switch (family) {
      case FASHIONIQ -> (values.get("R@10") + values.get("R@50")) / 2;
      case CIRCO -> values.get("mAP@5");
      case CIRR -> (values.get("R@5") + values.get("R_subset@1")) / 2;
    };
  }

  /** Protocol, counts and tie rule in one line, to stand beside the numbers. */
  public String caption() {
    String sizes =
        counts.entrySet().stream()
            .map(
                entry ->
                    (entry.getKey().isEmpty() ? "" : entry.getKey() + " ")
                        + String.format(
                            Locale.ROOT,
                            "%,d queries in %,d images",
                            entry.getValue().queries(),
                            entry.getValue().gallery()))
            .collect(Collectors.joining(", "));
    return protocol + ": " + sizes + "; ties: " + tieRule;
  }

  private static List<RankedQuery> sorted(Protocol protocol, Collection<RankedQuery> queries) {
    List<RankedQuery> sorted = new ArrayList<>(queries);
    sorted.sort(Comparator.comparing(RankedQuery::category).thenComparing(RankedQuery::id));
    for (int i = 1; i < sorted.size(); i++) {
      RankedQuery query = sorted.get(i);
      RankedQuery previous = sorted.get(i - 1);
      if (query.id().equals(previous.id()) && query.category().equals(previous.category())) {
        throw new WeftException(
            ExitCode.BAD_ROWS,
            "Cannot evaluate by %s: query %s of category '%s' is there twice, which would count it"
                + " double. Remove one of the two rankings.",
            protocol,
            query.id(),
            query.category());
      }
    }
    return sorted;
  }

  private static Map<String, Double> fashioniq(
      SortedMap<String, List<RankedQuery>> byCategory, List<Integer> cutoffs) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (int cutoff : cutoffs) {
      values.put(
          "R@" + cutoff,
          byCategory.values().stream()
              .mapToDouble(queries -> mean(queries, query -> query.recallAt(cutoff)))
              .average()
              .orElseThrow());
    }
    byCategory.forEach(
        (category, queries) -> {
          if (!category.isEmpty()) {
            for (int cutoff : cutoffs) {
              values.put(category + "/R@" + cutoff, mean(queries, query -> query.recallAt(cutoff)));
            }
          }
        });
    return values;
  }

  private static Map<String, Double> circo(List<RankedQuery> queries, List<Integer> cutoffs) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (int cutoff : cutoffs) {
      values.put("mAP@" + cutoff, mean(queries, query -> query.averagePrecisionAt(cutoff)));
    }
    for (int cutoff : cutoffs) {
      values.put("Recall@" + cutoff, mean(queries, query -> query.recallAt(cutoff)));
    }
    List<String> aspects =
        queries.stream().flatMap(query -> query.aspects().stream()).distinct().sorted().toList();
    for (String aspect : aspects) {
      List<RankedQuery> having =
          queries.stream().filter(query -> query.aspects().contains(aspect)).toList();
      values.put(
          "semantic/" + aspect + "/mAP@" + SEMANTIC_CUTOFF,
          mean(having, query -> query.averagePrecisionAt(SEMANTIC_CUTOFF)));
    }
    return values;
  }

  private static Map<String, Double> cirr(List<RankedQuery> queries, List<Integer> cutoffs) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (int cutoff : cutoffs) {
      values.put("R@" + cutoff, mean(queries, query -> query.recallAt(cutoff)));
    }
    if (queries.stream().allMatch(query -> query.subsetRanking().isEmpty())) {
      return values; // predictions without the second file
    }
    for (int cutoff : SUBSET_CUTOFFS) {
      values.put("R_subset@" + cutoff, mean(queries, query -> query.subsetRecallAt(cutoff)));
    }
    return values;
  }

  private static double mean(List<RankedQuery> queries, ToDoubleFunction<RankedQuery> metric) {
    return queries.stream().mapToDouble(metric).average().orElseThrow();
  }

  private static Map<String, Counts> counts(
      Protocol protocol,
      SortedMap<String, List<RankedQuery>> byCategory,
      Map<String, Integer> galleries) {
    Map<String, Counts> counts = new LinkedHashMap<>();
    byCategory.forEach(
        (category, queries) -> {
          Integer gallery = galleries.get(category);
          if (gallery == null) {
            throw new WeftException(
                ExitCode.INPUT_MISSING,
                "Cannot evaluate by %s: category '%s' has %d queries and no gallery. Ingest the"
                    + " data set with its image lists.",
                protocol,
                category,
                queries.size());
          }
          counts.put(category, new Counts(queries.size(), gallery));
        });
    return counts;
  }

  private static List<String> differences(Protocol protocol, Map<String, Counts> counts) {
    List<String> differences = new ArrayList<>();
    new TreeMap<>(protocol.published())
        .forEach(
            (category, expected) -> {
              Counts found = counts.getOrDefault(category, new Counts(0, 0));
              if (!found.equals(expected)) {
                differences.add(
                    String.format(
                        Locale.ROOT,
                        "%s%,d queries in %,d images where the published set has %,d in %,d",
                        category.isEmpty() ? "" : category + ": ",
                        found.queries(),
                        found.gallery(),
                        expected.queries(),
                        expected.gallery()));
              }
            });
    return differences;
  }
}
