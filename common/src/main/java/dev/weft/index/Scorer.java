package dev.weft.index;

/**
 * Scores rows for one query by definition: {@link dev.weft.rank.ExactSearch#score}. Not thread
 * safe.
 */
final class Scorer {
  private static final Kernels KERNELS = Kernels.best();

  private final VectorBlocks rows;
  private final float[] query;
  private final float length;
  private final float lost;
  private final float[] vector;

  /** Receives scores. */
  @FunctionalInterface
  interface Taker {
    /** The score of the i-th row that was asked for. */
    void take(int i, float score);
  }

  /**
   * Of one query.
   *
   * @param length of what the query's code stands for
   * @param lost see {@link #spread}
   */
  Scorer(VectorBlocks rows, float[] query, float length, float lost) {
    this.rows = rows;
    this.query = query;
    this.length = length;
    this.lost = lost;
    vector = new float[rows.width()];
  }

  /** Whether a score costs little. */
  boolean inMemory() {
    return rows.inMemory();
  }

  /** The score of a row. */
  float score(int row) {
    rows.copy(row, vector);
    return KERNELS.score(query, vector);
  }

  /** The scores of the first {@code count} rows of an array, which are read together. */
  void score(int[] wanted, int count, Taker taker) {
    rows.visit(wanted, count, (i, values) -> taker.take(i, KERNELS.score(query, values)));
  }

  /** How far the upper bound of a row's score lies above its lower bound, at most. */
  float spread(int row) {
    return 2 * (rows.bounds().errors()[row] * length + lost) * (1 + 0x1p-20f);
  }
}
