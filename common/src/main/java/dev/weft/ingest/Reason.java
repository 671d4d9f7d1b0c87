package dev.weft.ingest;

import java.util.Locale;

/** Why a row or an image was left out, or noted. The list is closed: reports group by it. */
public enum Reason {
  /** A line is no JSON. */
  NOT_JSON,
  /** A key that the layout requires is not there. */
  MISSING_KEY,
  /** A value has another JSON type, or a form, than the layout says. */
  WRONG_TYPE,
  /** Text holds bytes that are not UTF-8, or half a surrogate pair. */
  INVALID_UTF8,
  /** No caption has text; as a note: one of several has none. */
  EMPTY_CAPTION,
  /** A caption beyond any sentence. */
  TOO_LONG_CAPTION,
  /** An id that would lead out of the images folder or is no file name. */
  UNSAFE_ID,
  /** The reference (or a described or listed image) is not an image of the data set. */
  UNKNOWN_ID,
  /** A right answer is not among the candidates of the split. */
  TARGET_NOT_IN_SPLIT,
  /** The reference is one of the right answers. */
  REFERENCE_IS_TARGET,
  /** The same row, id or image a second time. */
  DUPLICATE,
  /** A training triplet that is a validation or test triplet too. */
  LEAKAGE,
  /** There is no such file. */
  MISSING_IMAGE,
  /** A file of no bytes. */
  EMPTY_IMAGE,
  /** More bytes or pixels than the limits allow. */
  TOO_LARGE_IMAGE,
  /** Not decodable to the last pixel. */
  CORRUPT_IMAGE,
  /** A picture of a kind that is not read, such as AVIF. */
  UNSUPPORTED_IMAGE,
  /** Not decoded within the time that the limits allow. */
  SLOW_IMAGE;

  /** The name in tables and messages, such as {@code empty-caption}. */
  public String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
