package dev.weft.ingest;

/**
 * A decoded picture, upright and opaque, that is read row by row: where it lies outside of the heap
 * only the rows that are wanted are ever copied.
 */
public interface Picture {
  /** Pixels of a row, at least 1. */
  int width();

  /** Rows, at least 1. */
  int height();

  /**
   * Copies pixels of a row, each as a word: red, green and blue from the upper end; the lowest byte
   * means nothing.
   *
   * @param y number of the row, from the top
   * @param from the first pixel wanted
   * @param count how many are
   * @param words receives them
   * @param to where the first of them goes
   */
  void row(int y, int from, int count, int[] words, int to);
}
