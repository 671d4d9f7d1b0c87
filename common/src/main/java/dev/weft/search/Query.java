package dev.weft.search;

import java.util.Optional;

/**
 * One question: an image, words, or an image changed by words.
 *
 * @param id names its answers
 * @param image URI or path of an image file
 * @param imageId id of an indexed image, in place of a file
 * @param text what to look for, or how the image is to change
 */
public record Query(
    String id, Optional<String> image, Optional<String> imageId, Optional<String> text) {

  /** What a query is made of. */
  public enum Kind {
    /** An image and words: a fusion head composes them. */
    COMPOSED,
    /** An image alone. */
    IMAGE,
    /** Words alone. */
    TEXT
  }

  public Query {
    if (image.isPresent() && imageId.isPresent()) {
      throw new IllegalArgumentException("it has both an image file and an image id; give one");
    }
    if (image.isEmpty() && imageId.isEmpty() && text.isEmpty()) {
      throw new IllegalArgumentException("it has neither an image nor a text; give one or both");
    }
  }

  /** What it is made of. */
  public Kind kind() {
    if (image.isEmpty() && imageId.isEmpty()) {
      return Kind.TEXT;
    }
    return text.isPresent() ? Kind.COMPOSED : Kind.IMAGE;
  }
}
