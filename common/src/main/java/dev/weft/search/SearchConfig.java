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
 * @param text the one query, alone or with {@code image}
 * @param queries URI or path of a file of queries, in place of {@code image} and {@code text}
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
            queries.isBlank() || (image.isBlank() && text.isBlank()),
            "queries",
            queries,
            "must be empty where search.image or search.text gives the query")
        .enforce();
  }

  /** The query of {@code image} and {@code text}; empty where both are empty. */
  public Optional<Query> single() {
    Optional<String> file = Optional.of(image).filter(value -> !value.isBlank());
    Optional<String> words = Optional.of(text).filter(value -> !value.isBlank());
    if (file.isEmpty() && words.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(new Query(SINGLE, file, Optional.empty(), words));
  }
}
