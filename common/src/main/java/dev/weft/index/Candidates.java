package dev.weft.index;

import java.util.Arrays;

/**
 * The rows that may be among the K best of a query, as far as one worker has seen.
 *
 * <p>Each row is held with an upper bound of its score. Now and then the K rows with the greatest
 * bounds are scored by definition; the least of these scores is the {@link #bar}, which the K-th
 * best of all rows does not lie below, so a row whose bound lies below it is none of the K best.
 * Invariant: every row seen whose bound reaches the bar is held.
 */
final class Candidates {
  private static final int FIRST = 64;

  private final int depth;
  private final Scorer scorer;
  private float[] bounds;
  private int[] rows; // ~row once the bound is the score itself
  private int count;
  private float bar = Float.NEGATIVE_INFINITY;

  /** Scores a row by definition. */
  @FunctionalInterface
  interface Scorer {
    float score(int row);
  }

  /**
   * None yet.
   *
   * @param depth K, at least 1
   */
  Candidates(int depth, Scorer scorer) {
    this.depth = depth;
    this.scorer = scorer;
    int capacity = Math.max(FIRST, 4 * depth);
    bounds = new float[capacity];
    rows = new int[capacity];
  }

  /** What the K-th best score is at least, as this worker or any knows. */
  float bar() {
    return bar;
  }

  /** Takes in what another worker found out. */
  void raise(float otherBar) {
    bar = Math.max(bar, otherBar);
  }

  /** Takes a row in; true if the bar may have risen. */
  boolean add(int row, float bound) {
    if (count == bounds.length) {
      bounds = Arrays.copyOf(bounds, 2 * bounds.length);
      rows = Arrays.copyOf(rows, 2 * rows.length);
    }
    rows[count] = row;
    bounds[count++] = bound;
    if (count < bounds.length) {
      return false;
    }
    shrink();
    if (count > bounds.length / 2) {
      bounds = Arrays.copyOf(bounds, 2 * bounds.length);
      rows = Arrays.copyOf(rows, 2 * rows.length);
    }
    return true;
  }

  /** Takes the rows of another worker in. */
  void addAll(Candidates other) {
    raise(other.bar);
    for (int i = 0; i < other.count; i++) {
      add(other.rows[i], other.bounds[i]);
    }
  }

  /** Raises the bar, and forgets rows that it rules out. */
  private void shrink() {
    if (count >= depth) {
      float least = greatest(Arrays.copyOf(bounds, count), depth);
      float[] scores = new float[count];
      int scored = 0;
      for (int i = 0; i < count; i++) {
        if (bounds[i] >= least) {
          scores[scored++] = score(i);
        }
      }
      bar = Math.max(bar, greatest(Arrays.copyOf(scores, scored), depth));
    }
    int kept = 0;
    for (int i = 0; i < count; i++) {
      if (bounds[i] >= bar) {
        bounds[kept] = bounds[i];
        rows[kept++] = rows[i];
      }
    }
    count = kept;
  }

  private float score(int i) {
    if (rows[i] >= 0) {
      bounds[i] = scorer.score(rows[i]);
      rows[i] = ~rows[i];
    }
    return bounds[i];
  }

  /** Offers all rows that may be among the best, each with its score. */
  void finish(BestRows best) {
    long[] packed = new long[count];
    for (int i = 0; i < count; i++) {
      packed[i] = ((long) ~order(bounds[i]) << 32) | i;
    }
    Arrays.sort(packed);
    for (long one : packed) {
      int i = (int) one;
      if (bounds[i] < best.bar()) {
        break; // it and all after it are worse for certain
      }
      float score = score(i);
      best.offer(~rows[i], score);
    }
  }

  /** An integer that orders as the float does. */
  private static int order(float score) {
    int bits = Float.floatToIntBits(score);
    return bits ^ ((bits >> 31) & Integer.MAX_VALUE);
  }

  /** The k-th greatest value, by Hoare's selection; reorders the values. */
  private static float greatest(float[] values, int k) {
    int wanted = values.length - k;
    int from = 0;
    int to = values.length - 1;
    while (from < to) {
      float pivot = median(values[from], values[(from + to) >>> 1], values[to]);
      int left = from;
      int right = to;
      while (left <= right) {
        while (values[left] < pivot) {
          left++;
        }
        while (values[right] > pivot) {
          right--;
        }
        if (left <= right) {
          float swap = values[left];
          values[left++] = values[right];
          values[right--] = swap;
        }
      }
      if (wanted <= right) {
        to = right;
      } else if (wanted >= left) {
        from = left;
      } else {
        return values[wanted];
      }
    }
    return values[wanted];
  }

  private static float median(float a, float b, float c) {
    return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
  }
}
