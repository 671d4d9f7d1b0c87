package dev.weft.rank;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The best rows of a gallery seen so far, at most K: a binary heap with the worst row on top.
 *
 * <p>Invariant: every row in the heap ranks before every offered row that is not. Not thread safe.
 */
final class BestRows {
  private final Gallery gallery;
  private final float[] scores;
  private final int[] rows;
  private int size;

  BestRows(Gallery gallery, int depth) {
    this.gallery = gallery;
    scores = new float[depth];
    rows = new int[depth];
  }

  /** The score below which no row can enter any more; minus infinity while there is room. */
  float bar() {
    return size < scores.length ? Float.NEGATIVE_INFINITY : scores[0];
  }

  /** Takes the row in if it ranks before the worst, or if there is room. */
  void offer(float score, int row) {
    if (size < scores.length) {
      int hole = size++;
      while (hole > 0 && before(scores[parent(hole)], rows[parent(hole)], score, row)) {
        move(parent(hole), hole);
        hole = parent(hole);
      }
      put(hole, score, row);
      return;
    }
    if (!before(score, row, scores[0], rows[0])) {
      return;
    }
    int hole = 0;
    while (2 * hole + 1 < size) {
      int child = 2 * hole + 1;
      if (child + 1 < size
          && before(scores[child], rows[child], scores[child + 1], rows[child + 1])) {
        child++;
      }
      if (!before(score, row, scores[child], rows[child])) {
        break;
      }
      move(child, hole);
      hole = child;
    }
    put(hole, score, row);
  }

  /** The rows as hits, best first. */
  List<Hit> hits() {
    List<Hit> hits = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      hits.add(new Hit(gallery.key(rows[i]), scores[i]));
    }
    Collections.sort(hits);
    return hits;
  }

  /** The order of {@link Hit}, on rows. */
  private boolean before(float score, int row, float otherScore, int otherRow) {
    return score > otherScore
        || (score == otherScore && gallery.place(row) < gallery.place(otherRow));
  }

  private static int parent(int i) {
    return (i - 1) / 2;
  }

  private void move(int from, int to) {
    put(to, scores[from], rows[from]);
  }

  private void put(int at, float score, int row) {
    scores[at] = score;
    rows[at] = row;
  }
}
