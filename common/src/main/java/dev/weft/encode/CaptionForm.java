package dev.weft.encode;

/**
 * How the captions of a triplet become one text. The published training code of CLIP4Cir draws one
 * of the four per row and epoch; its validation uses the first.
 */
public enum CaptionForm {
  /** All captions in their order, joined by "and". */
  FIRST_AND_SECOND,
  /** All captions in reverse order, joined by "and". */
  SECOND_AND_FIRST,
  /** All captions in their order, joined by a comma and "and", as BGE-VL's evaluation has them. */
  COMMA_AND,
  /** The first caption alone. */
  FIRST,
  /** The last caption alone. */
  SECOND
}
