package dev.weft.evaluate;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.Triplet;
import dev.weft.rank.Hit;
import dev.weft.rank.Ranking;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;

/**
 * A query with its ranking and its right answers: all that a metric needs.
 *
 * <p>A ranking with a repeated image, or one that contradicts the rank of its target, is refused
 * and not scored.
 *
 * @param category category within the data set, empty where it has none
 * @param id query id, unique within the category
 * @param ranking image ids, best first, distinct
 * @param groundTruths ids of all right answers, distinct, the target first; at least one
 * @param aspects semantic aspects of the query (CIRCO)
 * @param subsetRanking the image group of the reference without it, best first (CIRR); else empty
 * @param targetRank one-based rank of the target among all candidates; absent where it is none, or
 *     where only the ranking is known and does not have it
 * @param candidates number of images that were ranked, at least the length of the ranking
 */
public record RankedQuery(
    String category,
    String id,
    List<String> ranking,
    List<String> groundTruths,
    List<String> aspects,
    List<String> subsetRanking,
    OptionalInt targetRank,
    int candidates) {

  public RankedQuery {
    ranking = List.copyOf(ranking);
    groundTruths = List.copyOf(groundTruths);
    aspects = List.copyOf(aspects);
    subsetRanking = List.copyOf(subsetRanking);
    if (groundTruths.isEmpty()) {
      throw refused(category, id, "it has no right answer. Leave queries without a target out");
    }
    refuseRepeated(category, id, "ranking", ranking);
    refuseRepeated(category, id, "list of right answers", groundTruths);
    refuseRepeated(category, id, "ranking of its image group", subsetRanking);
    if (ranking.size() > candidates) {
      throw refused(
          category,
          id,
          ranking.size() + " images are ranked of only " + candidates + ". Rank the gallery again");
    }
    int place = ranking.indexOf(groundTruths.get(0)) + 1;
    if (place == 0
        ? targetRank.orElse(Integer.MAX_VALUE) <= ranking.size()
        : place != targetRank.orElse(0)) {
      throw refused(
          category,
          id,
          "the rank of its target is given as "
              + (targetRank.isPresent() ? targetRank.getAsInt() : "none")
              + ", but the ranking "
              + (place == 0 ? "does not have it" : "has it at " + place)
              + ". Rank the gallery again");
    }
  }

  /**
   * A triplet and what a head answered.
   *
   * @param subset the ranking of the image group without the reference, empty where there is none
   */
  public static RankedQuery of(Triplet triplet, Ranking ranking, List<Hit> subset) {
    return new RankedQuery(
        triplet.category(),
        triplet.id(),
        ranking.ids(),
        triplet.groundTruths(),
        triplet.aspects(),
        subset.stream().map(hit -> hit.image().id()).toList(),
        ranking.targetRank(),
        ranking.candidates());
  }

  /** The first right answer. */
  public String target() {
    return groundTruths.get(0);
  }

  /** 1 if the target is among the first K, else 0. */
  public double recallAt(int cutoff) {
    requireLength(cutoff);
    return contains(ranking, cutoff);
  }

  /** 1 if the target is among the first K of its image group, else 0. */
  public double subsetRecallAt(int cutoff) {
    if (subsetRanking.isEmpty()) {
      throw refused(category, id, "its image group is not ranked. Rank the gallery again");
    }
    return contains(subsetRanking, cutoff);
  }

  /**
   * Average precision at K:
   *
   * <pre>  AP@K = sum_{i &lt;= K} precision(i) rel(i) / min(#ground truths, K)</pre>
   *
   * as CIRCO's scorer computes it: neither divided by the hits, nor by all ground truths.
   *
   * @return in [0, 1]
   */
  public double averagePrecisionAt(int cutoff) {
    requireLength(cutoff);
    Set<String> right = new HashSet<>(groundTruths);
    double sum = 0;
    int hits = 0;
    for (int i = 0; i < Math.min(cutoff, ranking.size()); i++) {
      if (right.contains(ranking.get(i))) {
        hits++;
        sum += (double) hits / (i + 1);
      }
    }
    return sum / Math.min(groundTruths.size(), cutoff);
  }

  private double contains(List<String> images, int cutoff) {
    return images.subList(0, Math.min(cutoff, images.size())).contains(target()) ? 1 : 0;
  }

  private void requireLength(int cutoff) {
    if (ranking.size() < Math.min(cutoff, candidates)) {
      throw refused(
          category,
          id,
          "its ranking has "
              + ranking.size()
              + " images, too few for a cut-off of "
              + cutoff
              + " among "
              + candidates
              + " candidates. Raise evaluate.depth");
    }
  }

  private static void refuseRepeated(
      String category, String id, String where, List<String> images) {
    Set<String> seen = new HashSet<>();
    for (String image : images) {
      if (!seen.add(image)) {
        throw refused(
            category, id, "its " + where + " has the image " + image + " twice. Remove one");
      }
    }
  }

  private static WeftException refused(String category, String id, String why) {
    return new WeftException(
        ExitCode.BAD_ROWS,
        "Cannot score query %s%s: %s.",
        category.isEmpty() ? "" : category + "/",
        id,
        why);
  }
}
