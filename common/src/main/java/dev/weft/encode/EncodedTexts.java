package dev.weft.encode;

/**
 * The vectors of texts, and which texts were too long.
 *
 * @param vectors one per text, in order
 * @param cut for each whether it exceeds the tower's limit, so that the vector is of its beginning
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record EncodedTexts(float[][] vectors, boolean[] cut) {

  public EncodedTexts {
    if (vectors.length != cut.length) {
      throw new IllegalArgumentException(
          vectors.length + " vectors cannot be of " + cut.length + " texts");
    }
  }

  /** The same behind a projection, which changes the vectors in place. */
  EncodedTexts through(Projection projection) {
    return new EncodedTexts(projection.apply(vectors), cut);
  }
}
