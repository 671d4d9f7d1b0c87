package dev.weft.train;

/** The fusion heads, as {@code train.heads} names them. */
public enum HeadKind {
  /** Sum of both unit vectors; no training. */
  SUM,
  /** One weight for all queries, found by a search over the training rows. */
  WEIGHTED,
  /** A learned gate between image and text. */
  GATED,
  /** CLIP4Cir's Combiner: a gate and a learned residual. */
  COMBINER,
  /** Multi-head attention over the two vectors, and a learned residual. */
  ATTENTION,
  /** TIRG: a gate on the image and a learned residual. */
  TIRG
}
