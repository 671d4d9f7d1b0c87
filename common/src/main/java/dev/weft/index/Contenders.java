package dev.weft.index;

import dev.weft.rank.BestRows;
import java.util.Arrays;

/**
 * The rows that may be among the K best of a query, as far as one worker has seen.
 *
 * <p>Each row is held with an upper bound of its score. Now and then the K rows with the greatest
 * bounds are scored by definition, or where that would mean reading files, by their lower bounds;
 * the least of these scores is the {@link #bar}, which the K-th best of all rows does not lie
 * below, so a row whose bound lies below it is none of the K best. Invariant: every row seen whose
 * bound reaches the bar is held.
 */
final class Contenders {
  private static final int FIRST = 64;

  /** Rows scored at once at the end, where vectors are read from files. */
  private static final int TOGETHER = 64;

  private final int depth;
  private final Scorer scorer;
  private float[] bounds;
  private int[] rows; // ~row once the bound is the score itself
  private int count;
  private float bar = Float.NEGATIVE_INFINITY;

  /**
   * None yet.
   *
   * @param depth K, at least 1
   */
  Contenders(int depth, Scorer scorer) {
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
  void addAll(Contenders other) {
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
          scores[scored++] = atLeast(i);
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

  private float atLeast(int i) {
    if (rows[i] < 0) {
      return bounds[i];
    }
    if (!scorer.inMemory()) {
      return bounds[i] - scorer.spread(rows[i]);
    }
    bounds[i] = scorer.score(rows[i]);
    rows[i] = ~rows[i];
    return bounds[i];
  }

  /** Offers all rows that may be among the best, each with its score. */
  void finish(BestRows best) {
    if (!scorer.inMemory()) {
      shrink();
    }
    long[] packed = new long[count];
    for (int i = 0; i < count; i++) {
      packed[i] = ((long) ~order(bounds[i]) << 32) | i;
    }
    Arrays.sort(packed);
    int together = scorer.inMemory() ? 1 : Math.max(TOGETHER, depth);
    for (int from = 0; from < count; from += together) {
      int to = from;
      while (to < Math.min(count, from + together) && bounds[(int) packed[to]] >= best.bar()) {
        to++;
      }
      score(packed, from, to);
      for (int i = from; i < to; i++) {
        int at = (int) packed[i];
        best.offer(~rows[at], bounds[at]);
      }
      if (to < from + together) {
        break; // all after it are worse for certain
      }
    }
  }

  /** Replaces bounds by the scores themselves. */
  private void score(long[] packed, int from, int to) {
    int[] some = new int[to - from];
    int[] places = new int[to - from];
    int unknown = 0;
    for (int i = from; i < to; i++) {
      int at = (int) packed[i];
      if (rows[at] >= 0) {
        places[unknown] = at;
        some[unknown++] = rows[at];
      }
    }
    scorer.score(
        some,
        unknown,
        (i, score) -> {
          bounds[places[i]] = score;
          rows[places[i]] = ~rows[places[i]];
        });
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
