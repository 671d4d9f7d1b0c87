package dev.weft.rank;

import java.util.List;
import java.util.OptionalInt;

/**
 * The answer to one {@link Probe} over a whole gallery.
 *
 * @param hits the first K candidates in the order of {@link Hit}; all of them where there are fewer
 * @param targetRank one-based rank of the target among all candidates; absent where none was asked
 *     for or the target is no candidate
 * @param candidates images that were ranked: the gallery without the excluded ones
 */
public record Ranking(List<Hit> hits, OptionalInt targetRank, int candidates) {

  public Ranking {
    hits = List.copyOf(hits);
  }

  /** Image ids, best first. */
  public List<String> ids() {
    return hits.stream().map(hit -> hit.image().id()).toList();
  }
}
