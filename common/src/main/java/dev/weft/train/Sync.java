package dev.weft.train;

/** When the partitions of a training run agree on the parameters. */
public enum Sync {
  /** After every step: the gradient is that of the whole batch, whatever the partitions. */
  EVERY_STEP,
  /**
   * After some steps that each partition makes by itself ("local SGD"): another algorithm, whose
   * result depends on the number of partitions.
   */
  LOCAL
}
