package dev.weft.index;

import dev.weft.compute.ByteProduct;
import dev.weft.compute.Workers;
import dev.weft.rank.BestRows;
import dev.weft.rank.BestRows.Ranked;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Finds the K best rows of each query: products of 8-bit codes rule nearly all rows out, and what
 * is left is scored by definition ({@link dev.weft.rank.ExactSearch#score}). The codes decide
 * nothing but what is looked at, so among the rows of its segments a query's answer is exact,
 * whatever the processor, the number of workers and the other queries.
 *
 * <p>Dimensions: N rows, Q queries, D width, K depth.
 */
final class CodeScan {
  /** Rows of one product: with {@link #COLUMNS} queries, integers of 256 KB. */
  private static final int ROWS = 1024;

  /** Queries of one product. */
  private static final int COLUMNS = 64;

  /** Rows between two looks at the thresholds. */
  private static final int STEP = 64;

  private static final Kernels KERNELS = Kernels.best();

  private final VectorBlocks rows;
  private final BestRows.Order order;
  private final Workers workers;
  private final float largestError;
  private final double largestLength;

  /** Which rows may be answers. */
  @FunctionalInterface
  interface Allowed {
    boolean test(int query, int row);
  }

  /**
   * Rows that some queries are compared with.
   *
   * @param from first row
   * @param to row after the last
   * @param queries numbers of the queries
   */
  @SuppressWarnings("ArrayRecordComponent") // shared, and not compared
  record Segment(int from, int to, int[] queries) {}

  CodeScan(VectorBlocks rows, BestRows.Order order, Workers workers) {
    this.rows = rows;
    this.order = order;
    this.workers = workers;
    largestError = rows.largestError();
    largestLength = rows.largestLength();
  }

  /** Segments that compare every query with the rows {@code from} to {@code to}. */
  static List<Segment> all(int from, int to, int queries) {
    List<Segment> segments = new ArrayList<>();
    for (int first = 0; first < queries; first += COLUMNS) {
      int[] some = new int[Math.min(COLUMNS, queries - first)];
      for (int i = 0; i < some.length; i++) {
        some[i] = first + i;
      }
      for (int row = from; row < to; ) {
        int end = Math.min(to, (row / ROWS + 1) * ROWS);
        segments.add(new Segment(row, end, some));
        row = end;
      }
    }
    return segments;
  }

  /**
   * Searches.
   *
   * @param queries Q vectors of D finite values
   * @param segments what is compared with what; a pair of row and query at most once
   * @param depth K, at least 1
   */
  List<Ranked> search(List<float[]> queries, List<Segment> segments, int depth, Allowed allowed) {
    Coded coded = new Coded(queries);
    Worker[] scratch = new Worker[workers.count()];
    float[] bars = new float[queries.size()];
    Arrays.fill(bars, Float.NEGATIVE_INFINITY);
    workers.run(
        segments.size(),
        (worker, piece) -> {
          if (scratch[worker] == null) {
            scratch[worker] = new Worker(coded, bars, depth, allowed);
          }
          scratch[worker].scan(segments.get(piece));
        });
    Ranked[] answers = new Ranked[queries.size()];
    workers.run(
        answers.length, (worker, query) -> answers[query] = finish(coded, query, scratch, depth));
    return Arrays.asList(answers);
  }

  private Ranked finish(Coded coded, int query, Worker[] scratch, int depth) {
    Contenders all = coded.contenders(query, depth);
    for (Worker worker : scratch) {
      if (worker != null && worker.contenders[query] != null) {
        all.addAll(worker.contenders[query]);
      }
    }
    BestRows best = new BestRows(depth, order);
    all.finish(best);
    return best.ranked();
  }

  /**
   * The queries' codes. The score of row r is at most {@code scale_q scale_r product + length_q
   * error_r + lost_q}, and at least that with both signs turned.
   */
  private final class Coded {
    private final List<float[]> queries;
    private final byte[][] codes;
    private final float[] scales;
    private final float[] lengths; // of what the codes stand for
    private final float[] lost; // with all rounding of the computation in float32

    Coded(List<float[]> queries) {
      this.queries = queries;
      codes = new byte[queries.size()][];
      scales = new float[codes.length];
      lengths = new float[codes.length];
      lost = new float[codes.length];
      workers.run(codes.length, (worker, query) -> code(query));
    }

    private void code(int query) {
      float[] vector = queries.get(query);
      byte[] code = new byte[vector.length];
      RowCode made = RowCode.of(vector, ByteProduct.largestSecond(), code);
      codes[query] = code;
      scales[query] = made.scale();
      double length = Math.sqrt(RowCode.square(vector)) + made.error();
      lengths[query] = (float) (length * (1 + 1e-6));
      double rounding = 0x1p-19 * length * (largestLength + largestError);
      lost[query] = (float) ((largestLength * made.error() + rounding) * (1 + 1e-6));
    }

    Contenders contenders(int query, int depth) {
      return new Contenders(
          depth, new Scorer(rows, queries.get(query), lengths[query], lost[query]));
    }
  }

  /** What one worker works with. */
  private final class Worker {
    private final Coded coded;
    private final float[] bars;
    private final int depth;
    private final Allowed allowed;
    private final Contenders[] contenders;
    private final ByteBuffer second = direct(rows.width() * COLUMNS);
    private final byte[] columns = new byte[rows.width() * COLUMNS];
    private final ByteBuffer products = direct(4 * ROWS * COLUMNS + Kernels.SLACK_BYTES);
    private final IntBuffer integers = products.asIntBuffer();
    private final float[] thresholds = new float[COLUMNS];
    private final float[] allowances = new float[COLUMNS];
    private final int[] found = new int[STEP * COLUMNS];
    private int[] current = new int[0];

    Worker(Coded coded, float[] bars, int depth, Allowed allowed) {
      this.coded = coded;
      this.bars = bars;
      this.depth = depth;
      this.allowed = allowed;
      contenders = new Contenders[coded.codes.length];
    }

    void scan(Segment segment) {
      for (int first = 0; first < segment.queries.length; first += COLUMNS) {
        int end = Math.min(segment.queries.length, first + COLUMNS);
        int[] some =
            first == 0 && end == segment.queries.length
                ? segment.queries
                : Arrays.copyOfRange(segment.queries, first, end);
        load(some);
        for (int row = segment.from; row < segment.to; ) {
          int count = Math.min(Math.min(ROWS, segment.to - row), blockEnd(row) - row);
          ByteProduct.multiply(rows.codes(row), second, integers, count, rows.width(), some.length);
          sift(row, count, some);
          row += count;
        }
      }
    }

    private int blockEnd(int row) {
      return (row / VectorBlocks.ROWS + 1) * VectorBlocks.ROWS;
    }

    /** Puts the codes of the queries side by side. */
    private void load(int[] queries) {
      for (int i = 0; i < queries.length; i++) {
        if (contenders[queries[i]] == null) {
          contenders[queries[i]] = coded.contenders(queries[i], depth);
        }
        threshold(queries, i);
      }
      Arrays.fill(thresholds, queries.length, COLUMNS, Float.POSITIVE_INFINITY);
      if (queries == current) {
        return;
      }
      current = queries;
      int count = queries.length;
      for (int i = 0; i < count; i++) {
        byte[] code = coded.codes[queries[i]];
        for (int k = 0; k < code.length; k++) {
          columns[k * count + i] = code[k];
        }
      }
      second.put(0, columns, 0, rows.width() * count);
    }

    /** What the row's scale times a product, plus its error times the allowance, must reach. */
    private void threshold(int[] queries, int i) {
      int query = queries[i];
      Contenders held = contenders[query];
      held.raise(bars[query]);
      thresholds[i] = (held.bar() - coded.lost[query]) / coded.scales[query];
      allowances[i] = coded.lengths[query] / coded.scales[query];
    }

    /** Looks at the products a few rows at a time, for thresholds rise. */
    private void sift(int first, int count, int[] queries) {
      int width = queries.length;
      for (int step = 0; step < count; step += STEP) {
        int some = Math.min(STEP, count - step);
        int start = step * width;
        ByteBuffer part = products.slice(4 * start, products.capacity() - 4 * start);
        part.order(ByteOrder.nativeOrder());
        int passed =
            KERNELS.sift(
                part, some, width, rows.bounds(), first + step, thresholds, allowances, found);
        for (int i = 0; i < passed; i++) {
          int row = first + step + found[i] / width;
          float product = integers.get(start + found[i]) * rows.bounds().scales()[row];
          take(row, product, queries, found[i] % width);
        }
      }
    }

    private void take(int row, float product, int[] queries, int i) {
      int query = queries[i];
      if (!allowed.test(query, row)) {
        return;
      }
      Contenders held = contenders[query];
      float bound =
          product * coded.scales[query]
              + rows.bounds().errors()[row] * coded.lengths[query]
              + coded.lost[query];
      if (held.add(row, bound)) {
        if (held.bar() > bars[query]) {
          bars[query] = held.bar(); // lost updates cost time only
        }
        threshold(queries, i);
      }
    }
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }
}
