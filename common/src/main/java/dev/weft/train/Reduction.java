package dev.weft.train;

/**
 * How the gradients of the slices of a step come together; their sum has the same bits.
 *
 * <p>Each step is a Spark job of its own, but for the server.
 */
public enum Reduction {
  /** Whichever fits the size of the gradients and the memory of the driver. */
  AUTO,
  /** Each task returns its gradient, and the driver adds them up. */
  DRIVER,
  /**
   * As the driver, which is asked by the tasks of one long job for slice after slice: no step pays
   * for launching a job.
   */
  SERVER,
  /**
   * Each task cuts its gradient into pieces, and a second stage adds up each piece by itself
   * (reduce-scatter): the driver receives one gradient, whatever the number of slices.
   */
  SHUFFLE
}
