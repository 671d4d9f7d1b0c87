package dev.weft.rank;

import dev.weft.ingest.ImageKey;
import java.util.Optional;
import java.util.Set;

/**
 * One query vector and what to do with it.
 *
 * @param vector the query, {@code [D]}, finite; of unit length for cosine similarity. Not copied,
 *     so nobody may change it
 * @param excluded images that are no candidates, such as the reference; those that the gallery does
 *     not have are ignored
 * @param target the image whose rank is wanted
 */
@SuppressWarnings("ArrayRecordComponent") // vectors are multiplied, never compared
public record Probe(float[] vector, Set<ImageKey> excluded, Optional<ImageKey> target) {

  public Probe {
    excluded = Set.copyOf(excluded);
  }

  /** A query over all images, with no target. */
  public static Probe of(float[] vector) {
    return new Probe(vector, Set.of(), Optional.empty());
  }
}
