package dev.weft.rank;

/**
 * The best rows seen so far by score, at most K: a binary heap with the worst row on top.
 *
 * <p>Invariant: every row in the heap comes before every offered row that is not. Not thread safe.
 */
public final class BestRows {
  private final Order order;
  private final float[] scores;
  private final int[] rows;
  private int size;

  /** Which of two rows with equal scores comes first. */
  @FunctionalInterface
  public interface Order {
    /** Negative if the first comes before the other; never 0 for two rows. */
    int compare(int row, int otherRow);
  }

  /**
   * Rows in order, best first.
   *
   * @param rows their numbers
   * @param scores their scores
   */
  @SuppressWarnings("ArrayRecordComponent") // a pair of results, not compared
  public record Ranked(int[] rows, float[] scores) {}

  /**
   * None yet.
   *
   * @param depth K, at least 1
   */
  public BestRows(int depth, Order order) {
    this.order = order;
    scores = new float[depth];
    rows = new int[depth];
  }

  /** The score below which no row can enter any more; minus infinity while there is room. */
  public float bar() {
    return size < scores.length ? Float.NEGATIVE_INFINITY : scores[0];
  }

  /** Takes the row in if it comes before the worst, or if there is room. */
  public void offer(int row, float score) {
    if (size < scores.length) {
      int hole = size++;
      while (hole > 0 && before(rows[parent(hole)], scores[parent(hole)], row, score)) {
        put(hole, rows[parent(hole)], scores[parent(hole)]);
        hole = parent(hole);
      }
      put(hole, row, score);
      return;
    }
    if (before(row, score, rows[0], scores[0])) {
      sink(row, score);
    }
  }

  /** Puts a row in the place of the worst, and lets the next worst rise to the top. */
  private void sink(int row, float score) {
    int hole = 0;
    while (2 * hole + 1 < size) {
      int child = 2 * hole + 1;
      if (child + 1 < size
          && before(rows[child], scores[child], rows[child + 1], scores[child + 1])) {
        child++;
      }
      if (!before(row, score, rows[child], scores[child])) {
        break;
      }
      put(hole, rows[child], scores[child]);
      hole = child;
    }
    put(hole, row, score);
  }

  /** All rows held, which are taken out. */
  public Ranked ranked() {
    int[] ranked = new int[size];
    float[] values = new float[size];
    while (size > 0) {
      size--;
      ranked[size] = rows[0];
      values[size] = scores[0];
      sink(rows[size], scores[size]);
    }
    return new Ranked(ranked, values);
  }

  private boolean before(int row, float score, int otherRow, float otherScore) {
    return score > otherScore || (score == otherScore && order.compare(row, otherRow) < 0);
  }

  private static int parent(int i) {
    return (i - 1) / 2;
  }

  private void put(int at, int row, float score) {
    scores[at] = score;
    rows[at] = row;
  }
}
