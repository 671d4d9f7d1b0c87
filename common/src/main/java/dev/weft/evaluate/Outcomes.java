package dev.weft.evaluate;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * What every head answered to every query of one protocol: what comparisons and the gallery of the
 * page are made of.
 *
 * @param protocol name of the protocol
 * @param dataset name of the data set
 * @param family shape of the protocol
 * @param caption protocol, counts and tie rule in one line: equal for outcomes that compare
 * @param degradedBecause why the numbers do not compare to published ones
 * @param queries all queries, sorted as metrics sort them
 * @param heads name to one outcome per query, in their order
 */
public record Outcomes(
    String protocol,
    String dataset,
    Family family,
    String caption,
    List<String> degradedBecause,
    List<Query> queries,
    Map<String, List<Outcome>> heads) {

  public Outcomes {
    degradedBecause = List.copyOf(degradedBecause);
    queries = List.copyOf(queries);
    heads = Collections.unmodifiableMap(new LinkedHashMap<>(heads));
    for (Map.Entry<String, List<Outcome>> head : heads.entrySet()) {
      if (head.getValue().size() != queries.size()) {
        throw new IllegalArgumentException(
            head.getKey() + " has " + head.getValue().size() + " of " + queries.size());
      }
    }
  }

  /**
   * Outcomes with the protocol of their metrics.
   *
   * @param metrics of any of the heads
   */
  public static Outcomes of(
      Metrics metrics, String dataset, List<Query> queries, Map<String, List<Outcome>> heads) {
    return new Outcomes(
        metrics.protocol(),
        dataset,
        metrics.family(),
        metrics.caption(),
        metrics.degradedBecause(),
        queries,
        heads);
  }

  /**
   * A query.
   *
   * @param category category within the data set, empty where it has none
   * @param id unique within the category
   * @param reference id of the reference image
   * @param text the modification text as encoded
   * @param groundTruths ids of the right answers, the target first
   * @param aspects semantic aspects (CIRCO)
   * @param candidates number of images that were ranked
   */
  public record Query(
      String category,
      String id,
      String reference,
      String text,
      List<String> groundTruths,
      List<String> aspects,
      int candidates) {
    public Query {
      groundTruths = List.copyOf(groundTruths);
      aspects = List.copyOf(aspects);
    }

    /** The query in the words of a message, such as {@code query dress/17}. */
    public String name() {
      return Prediction.name(category, id);
    }
  }

  /**
   * What one head answered to one query.
   *
   * @param targetRank one-based rank of the target; 0 where it is no candidate
   * @param subsetRank one-based rank of the target in its image group (CIRR); else 0
   * @param averagePrecisions AP@K for the cut-offs of the family (CIRCO); else empty
   * @param answers ids of the first images, best first
   * @param scores their cosine similarities to the query
   */
  public record Outcome(
      int targetRank,
      int subsetRank,
      List<Double> averagePrecisions,
      List<String> answers,
      List<Float> scores) {
    public Outcome {
      averagePrecisions = List.copyOf(averagePrecisions);
      answers = List.copyOf(answers);
      scores = List.copyOf(scores);
    }

    /**
     * The outcome of a ranking.
     *
     * @param scores of the ranking, as long as it
     * @param answers how many images to keep
     */
    public static Outcome of(Family family, RankedQuery query, List<Float> scores, int answers) {
      int kept = Math.min(answers, query.ranking().size());
      return new Outcome(
          query.targetRank().orElse(0),
          query.subsetRanking().indexOf(query.target()) + 1,
          family == Family.CIRCO
              ? family.cutoffs(List.of()).stream().map(query::averagePrecisionAt).toList()
              : List.of(),
          query.ranking().subList(0, kept),
          scores.subList(0, kept));
    }

    private OptionalInt rank() {
      return targetRank == 0 ? OptionalInt.empty() : OptionalInt.of(targetRank);
    }

    /** 1 if the target is among the first K, else 0. */
    double recallAt(int cutoff) {
      return rank().orElse(Integer.MAX_VALUE) <= cutoff ? 1 : 0;
    }

    /** 1 if the target is among the first K of its image group, else 0. */
    double subsetRecallAt(int cutoff) {
      return subsetRank > 0 && subsetRank <= cutoff ? 1 : 0;
    }

    /**
     * By what two outcomes of a query are told apart, higher is better: AP at the largest cut-off,
     * else 1 / rank of the target.
     */
    double merit() {
      if (!averagePrecisions.isEmpty()) {
        return averagePrecisions.get(averagePrecisions.size() - 1);
      }
      return targetRank == 0 ? 0 : 1.0 / targetRank;
    }
  }
}
