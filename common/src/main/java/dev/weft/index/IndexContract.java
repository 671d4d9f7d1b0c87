package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;

/**
 * What a reader of an index may rely on; part of the manifest of every index.
 *
 * @param metric how a query and a vector are compared, {@value #INNER_PRODUCT}
 * @param normalised whether vectors have unit length, so that the metric is the cosine similarity
 * @param width D, values per vector, at least 1
 * @param vectorType how a vector is written, {@value #FLOAT32}
 * @param encoder fingerprint of the dual encoder and its preprocessing that made the vectors
 * @param head name of the fusion head that was evaluated best on these embeddings, the one that
 *     {@code search.head: best} takes
 * @param count number of vectors, at least 1
 */
public record IndexContract(
    String metric,
    boolean normalised,
    int width,
    String vectorType,
    String encoder,
    String head,
    long count) {
  /** The one metric there is. */
  public static final String INNER_PRODUCT = "inner-product";

  /** The one vector type there is. */
  public static final String FLOAT32 = "float32-little-endian";

  public IndexContract {
    require(INNER_PRODUCT.equals(metric), "metric", metric, INNER_PRODUCT);
    require(normalised, "normalised", normalised, "true");
    require(FLOAT32.equals(vectorType), "vectorType", vectorType, FLOAT32);
    require(width >= 1, "width", width, "at least 1");
    require(count >= 1, "count", count, "at least 1");
    require(encoder != null && !encoder.isBlank(), "encoder", encoder, "a fingerprint");
    require(head != null && !head.isBlank(), "head", head, "a name");
  }

  /** The contract of unit vectors. */
  public static IndexContract of(int width, String encoder, String head, long count) {
    return new IndexContract(INNER_PRODUCT, true, width, FLOAT32, encoder, head, count);
  }

  /** The same for another number of vectors. */
  public IndexContract counting(long vectors) {
    return new IndexContract(metric, normalised, width, vectorType, encoder, head, vectors);
  }

  private static void require(boolean holds, String fact, Object found, String readable) {
    if (!holds) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot use the index: its %s is '%s', and this version of Weft reads %s only. Build the"
              + " index again with this version.",
          fact,
          found,
          readable);
    }
  }
}
