package dev.weft.index;

import java.util.Arrays;

/**
 * The K best rows so far by score, kept in order: few ever move. Not thread safe.
 *
 * <p>Invariant: every row held comes before every offered row that is not.
 */
final class BestRows {
  private final Order order;
  private final int[] rows;
  private final float[] scores;
  private int count;

  /** Which of two rows with equal scores comes first. */
  @FunctionalInterface
  interface Order {
    /** Negative if the first comes before the other; never 0 for two rows. */
    int compare(int row, int otherRow);
  }

  /**
   * The answer to a query, best first.
   *
   * @param rows numbers of rows
   * @param scores their scores
   */
  @SuppressWarnings("ArrayRecordComponent") // a pair of results, not compared
  record Ranked(int[] rows, float[] scores) {}

  BestRows(int depth, Order order) {
    this.order = order;
    rows = new int[depth];
    scores = new float[depth];
  }

  /** The score below which no row enters any more; minus infinity while there is room. */
  float bar() {
    return count < scores.length ? Float.NEGATIVE_INFINITY : scores[count - 1];
  }

  /** Takes the row in if it comes before the last, or if there is room. */
  void offer(int row, float score) {
    int at = count;
    while (at > 0 && before(row, score, at - 1)) {
      at--;
    }
    if (at == scores.length) {
      return;
    }
    int moved = Math.min(count, scores.length - 1) - at;
    System.arraycopy(rows, at, rows, at + 1, moved);
    System.arraycopy(scores, at, scores, at + 1, moved);
    rows[at] = row;
    scores[at] = score;
    count = Math.min(count + 1, scores.length);
  }

  private boolean before(int row, float score, int other) {
    return score > scores[other] || (score == scores[other] && order.compare(row, rows[other]) < 0);
  }

  Ranked ranked() {
    return new Ranked(Arrays.copyOf(rows, count), Arrays.copyOf(scores, count));
  }
}
