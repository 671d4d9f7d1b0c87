package dev.weft.encode;

/** How a picture of any aspect ratio becomes a square. */
public enum Fit {
  /** Both sides are resized to S; the aspect ratio is lost, nothing is cut off. */
  SQUASH,
  /** The shorter side is resized to S, the middle of the longer is kept. CLIP's own way. */
  CROP,
  /**
   * As {@link #CROP}, after black bars on the shorter side have brought the ratio of longer to
   * shorter down to 1.25: less of a tall dress is cut off. Source: Baldrati et al., CLIP4Cir,
   * {@code TargetPad}.
   */
  TARGET_PAD
}
