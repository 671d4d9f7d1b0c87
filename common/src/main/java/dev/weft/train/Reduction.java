package dev.weft.train;

/** Where the gradients of the slices of a step are added up; their sum has the same bits. */
public enum Reduction {
  /** Whichever of the two fits the size of the gradients and the memory of the driver. */
  AUTO,
  /** Each task returns its gradient, and the driver adds them up. */
  DRIVER,
  /**
   * Each task cuts its gradient into pieces, and a second stage adds up each piece by itself
   * (reduce-scatter): the driver receives one gradient, whatever the number of slices.
   */
  SHUFFLE
}
