package dev.weft.search;

import dev.weft.config.Rules;
import java.util.Optional;

/**
 * Settings of the search stage, read from the {@code search.*} keys. An empty text means the key is
 * not used.
 *
 * @param from which versions of index, head and encoder answer
 * @param head the fusion head of composed queries, or {@code best}
 * @param k answers per query, at least 1
 * @param image URI or path of an image file: the one query, alone or with {@code text}
 * @param imageId id of an indexed image, in place of {@code image}
 * @param text the one query, alone or with an image
 * @param queries URI or path of a file of queries, in place of the one query
 * @param output URI or path of a folder the answers are also written to
 * @param category the only category that is searched
 * @param filter which images are candidates, a condition such as {@code price < 50}
 * @param excludeReference whether the indexed image of a query is no answer to it
 * @param probes cells of an index of kind ivf that a search looks into; 0 for as many as give the
 *     recall the index was built for
 */
public record SearchConfig(
    From from,
    String head,
    int k,
    String image,
    String imageId,
    String text,
    String queries,
    String output,
    String category,
    String filter,
    boolean excludeReference,
    int probes) {

  /** Which versions answer. */
  public enum From {
    /** Those of the current release; where there is none, the newest. */
    RELEASE,
    /** The newest. */
    NEWEST
  }

  /** The id of the one query of the command line. */
  public static final String SINGLE = "0";

  public SearchConfig {
    Rules.of("search")
        .require(!head.isBlank(), "head", head, "must name a head, or be best")
        .require(k >= 1, "k", k, "must be at least 1")
        .require(probes >= 0, "probes", probes, "must be at least 0")
        .require(
            image.isBlank() || imageId.isBlank(),
            "image-id",
            imageId,
            "must be empty where search.image names a file")
        .require(
            queries.isBlank() || (image.isBlank() && imageId.isBlank() && text.isBlank()),
            "queries",
            queries,
            "must be empty where search.image, search.image-id or search.text gives the query")
        .enforce();
  }

  /** The one query; empty where neither an image nor a text is given. */
  public Optional<Query> single() {
    Optional<String> file = given(image);
    Optional<String> id = given(imageId);
    Optional<String> words = given(text);
    if (file.isEmpty() && id.isEmpty() && words.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new Query(SINGLE, file, id, words));
  }

  private static Optional<String> given(String value) {
    return Optional.of(value).filter(text -> !text.isBlank());
  }
}
