package dev.weft.evaluate;

/**
 * Which images compete, the choice that makes published numbers incomparable: on FashionIQ it is
 * worth 6.5 to 8 points of R@10.
 */
public enum CandidateRule {
  /** The published gallery, the reference among the candidates. */
  ORIGINAL,
  /** The published gallery without the reference of the query. */
  ORIGINAL_NOREF,
  /** The references and targets of the split only, without the reference of the query. */
  VAL_UNION
}
