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
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Finds the K best rows of each query: products of 8-bit codes rule nearly all rows out, and what
 * is left is scored by definition ({@link dev.weft.rank.ExactSearch#score}). The codes decide
 * nothing but what is looked at, so among the rows of its segments a query's answer is exact,
 * whatever the processor, the number of workers and the other queries.
 *
 * <p>Dimensions: N rows, Q queries, D width, K depth.
 */
final class CodeScan {
  /** Rows of one segment of a search of all rows, and of one product. */
  private static final int ROWS = 1024;

  /** Queries of one product, at most: the rows' codes are fetched once for all of them. */
  private static final int COLUMNS = 256;

  /** Queries of one product that are enough to be quick. */
  private static final int FEW = 64;

  /** Products between two looks at the thresholds. */
  private static final int STEP = 4096;

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

  /**
   * Segments that compare every query with the rows {@code from} to {@code to}. Many queries are
   * dealt out among the workers, each query to one, for what it has found spares it the most; few
   * queries are looked for by all workers in turns of rows.
   */
  static List<Segment> all(int from, int to, int queries, int workers) {
    int groups = parts(queries, COLUMNS);
    boolean dealt = queries >= 2 * workers * FEW;
    if (dealt) {
      groups = workers * parts(Math.max(groups, 2 * workers), workers);
    }
    int most = parts(queries, Math.max(1, groups));
    List<int[]> some = new ArrayList<>();
    for (int first = 0; first < queries; first += most) {
      some.add(IntStream.range(first, Math.min(first + most, queries)).toArray());
    }
    List<Segment> segments = new ArrayList<>();
    for (int row = from; row < to; ) {
      int end = dealt ? to : Math.min(to, (row / ROWS + 1) * ROWS);
      for (int[] group : some) { // while the rows' codes are in the cache
        segments.add(new Segment(row, end, group));
      }
      row = end;
    }
    return segments;
  }

  private static int parts(int all, int most) {
    return (all + most - 1) / most;
  }

  /**
   * Searches.
   *
   * @param queries Q vectors of D finite values
   * @param segments what is compared with what; a pair of row and query at most once
   * @param depth K, at least 1
   */
  List<Ranked> search(List<float[]> queries, List<Segment> segments, int depth, Allowed allowed) {
    Coded coded = new Coded(queries, segments);
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
    private final IdentityHashMap<int[], ByteBuffer> shared = new IdentityHashMap<>();

    Coded(List<float[]> queries, List<Segment> segments) {
      this.queries = queries;
      codes = new byte[queries.size()][];
      scales = new float[codes.length];
      lengths = new float[codes.length];
      lost = new float[codes.length];
      workers.run(codes.length, (worker, query) -> code(query));
      Set<int[]> groups = Collections.newSetFromMap(new IdentityHashMap<>());
      for (Segment segment : segments) {
        if (!groups.add(segment.queries)) {
          shared.computeIfAbsent(segment.queries, this::sideBySide);
        }
      }
    }

    /** The codes of a few queries that several segments ask for, made once. */
    Optional<ByteBuffer> shared(int[] group) {
      return Optional.ofNullable(shared.get(group));
    }

    private ByteBuffer sideBySide(int[] group) {
      ByteBuffer columns = direct(rows.width() * group.length);
      load(group, columns, new byte[rows.width() * group.length]);
      return columns;
    }

    /** Puts the codes of some queries side by side: {@code [D, q]}. */
    void load(int[] group, ByteBuffer columns, byte[] scratch) {
      int count = group.length;
      for (int i = 0; i < count; i++) {
        byte[] code = codes[group[i]];
        for (int k = 0; k < code.length; k++) {
          scratch[k * count + i] = code[k];
        }
      }
      columns.put(0, scratch, 0, rows.width() * count);
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
    private final ByteBuffer columns;
    private final byte[] scratch;
    private final IntBuffer products;
    private final int[] step = new int[STEP + Kernels.SLACK];
    private final float[] thresholds = new float[COLUMNS];
    private final float[] allowances = new float[COLUMNS];
    private final int[] found = new int[STEP];

    Worker(Coded coded, float[] bars, int depth, Allowed allowed) {
      this.coded = coded;
      this.bars = bars;
      this.depth = depth;
      this.allowed = allowed;
      contenders = new Contenders[coded.codes.length];
      int most = Math.min(COLUMNS, coded.codes.length);
      columns = direct(rows.width() * most);
      scratch = new byte[rows.width() * most];
      products = direct(4 * ROWS * most).asIntBuffer();
    }

    void scan(Segment segment) {
      for (int first = 0; first < segment.queries.length; first += COLUMNS) {
        int end = Math.min(segment.queries.length, first + COLUMNS);
        int[] group =
            end - first == segment.queries.length
                ? segment.queries
                : Arrays.copyOfRange(segment.queries, first, end);
        ByteBuffer codes = prepare(group);
        for (int row = segment.from; row < segment.to; ) {
          int count = Math.min(Math.min(ROWS, segment.to - row), blockEnd(row) - row);
          ByteProduct.multiply(rows.codes(row), codes, products, count, rows.width(), group.length);
          sift(row, count, group);
          row += count;
        }
      }
    }

    private int blockEnd(int row) {
      return (row / VectorBlocks.ROWS + 1) * VectorBlocks.ROWS;
    }

    /** Sets the thresholds of the queries, and gives their codes. */
    private ByteBuffer prepare(int[] group) {
      for (int i = 0; i < group.length; i++) {
        if (contenders[group[i]] == null) {
          contenders[group[i]] = coded.contenders(group[i], depth);
        }
        threshold(group, i);
      }
      Arrays.fill(thresholds, group.length, COLUMNS, Float.POSITIVE_INFINITY);
      return coded
          .shared(group)
          .orElseGet(
              () -> {
                coded.load(group, columns, scratch);
                return columns;
              });
    }

    /** What the row's scale times a product, plus its error times the allowance, must reach. */
    private void threshold(int[] group, int i) {
      int query = group[i];
      Contenders held = contenders[query];
      held.raise(bars[query]);
      thresholds[i] = (held.bar() - coded.lost[query]) / coded.scales[query];
      allowances[i] = coded.lengths[query] / coded.scales[query];
    }

    /** Looks at the products a few rows at a time, for thresholds rise. */
    private void sift(int first, int count, int[] group) {
      int width = group.length;
      int most = Math.max(1, STEP / width);
      for (int from = 0; from < count; from += most) {
        int some = Math.min(most, count - from);
        // In the heap, as Java 17 and 21 have no common way from direct memory to a register.
        products.get(from * width, step, 0, some * width);
        int passed =
            KERNELS.sift(
                step, some, width, rows.bounds(), first + from, thresholds, allowances, found);
        for (int i = 0; i < passed; i++) {
          int row = first + from + found[i] / width;
          float product = step[found[i]] * rows.bounds().scales()[row];
          take(row, product, group, found[i] % width);
        }
      }
    }

    private void take(int row, float product, int[] group, int i) {
      int query = group[i];
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
        threshold(group, i);
      }
    }
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }
}
