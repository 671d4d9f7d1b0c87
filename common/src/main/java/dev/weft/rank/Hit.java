package dev.weft.rank;

import dev.weft.ingest.ImageKey;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * One image of a ranking.
 *
 * <p>The natural order is the order of every ranking of Weft, best first: the higher score, and
 * between equal scores the smaller {@link ImageKey}. No two images share a key, so it is total.
 *
 * @param image the image
 * @param score inner product with the query, the cosine similarity of unit vectors; never NaN, and
 *     zero has one sign
 */
public record Hit(ImageKey image, float score) implements Comparable<Hit> {
  /** How ties are broken, in the words that go with every number. */
  public static final String TIE_RULE = "score descending, then image id ascending by code point";

  private static final Comparator<Hit> ORDER =
      Comparator.comparingDouble(Hit::score).reversed().thenComparing(Hit::image);

  public Hit {
    if (Float.isNaN(score)) {
      throw new IllegalArgumentException("the score of " + image + " is not a number");
    }
    score += 0f; // -0 becomes 0: they tie
  }

  @Override
  public int compareTo(Hit other) {
    return ORDER.compare(this, other);
  }

  /**
   * Merges the answers of the parts of a gallery into the answer of the whole.
   *
   * @param parts the first {@code depth} hits of each part, over disjoint images
   * @param depth length of the answer, K
   * @return the K best of all, best first; fewer where all parts together have fewer
   */
  public static List<Hit> merge(Collection<List<Hit>> parts, int depth) {
    Set<ImageKey> seen = new HashSet<>();
    for (List<Hit> part : parts) {
      for (Hit hit : part) {
        if (!seen.add(hit.image())) {
          throw new IllegalArgumentException(hit.image() + " is in two parts of the gallery");
        }
      }
    }
    return parts.stream().flatMap(List::stream).sorted().limit(depth).toList();
  }
}
