package dev.weft.ingest.wardrobe;

import java.util.Locale;

/**
 * How a caption asks for its change: those tags of CIRCO that apply to a picture of one garment.
 *
 * <p>Source: Baldrati et al., "Zero-Shot Composed Image Retrieval with Textual Inversion", ICCV
 * 2023 (arXiv:2303.15247). Its three other tags (cardinality, spatial relations and background,
 * viewpoint) speak of things that a drawn garment does not have.
 */
public enum Aspect {
  /** Says what is there: "is red". */
  DIRECT_ADDRESSING,
  /** Sets it against what was there: "is red instead of blue". */
  COMPARE_CHANGE,
  /** Says it by degree: "is longer". */
  COMPARATIVE_STATEMENT,
  /** Says what is not there: "has no sleeves". */
  NEGATION,
  /** Says what is added: "has stripes added". */
  ADDITION,
  /** Says two things or more. */
  STATEMENT_WITH_CONJUNCTION;

  /** The tag as CIRCO's files write it, such as {@code compare_change}. */
  public String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
