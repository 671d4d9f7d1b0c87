package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.Workers;
import dev.weft.index.CodeScan.Segment;
import dev.weft.ingest.ImageKey;
import dev.weft.rank.BestRows.Ranked;
import dev.weft.rank.Hit;
import dev.weft.rank.Probe;
import dev.weft.store.Snapshot;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/**
 * A stored index, opened once and asked many times, from any number of threads.
 *
 * <pre>
 *   Snapshot snapshot = Artefact.open(hadoop, root, "index").tagged("prod").orElseThrow();
 *   try (VectorIndex index = VectorIndex.open(hadoop, snapshot, VectorIndex.Scope.all(), 4)) {
 *     Optional&lt;Filter&gt; dresses = Optional.of(index.filter("category = 'dress' AND price &lt; 50"));
 *     List&lt;List&lt;Hit&gt;&gt; hits = index.search(List.of(Probe.of(vector)), 10, dresses);
 *   }
 * </pre>
 *
 * <p>A search scores the rows it looks at exactly, in the order of {@link Hit}. With one cell it
 * looks at all rows; else at those of the cells whose centroids are most similar to the query, as
 * many as the index was measured to need for its recall. Which cells these are depends on the query
 * alone, so the merged answers of parts of an index ({@link Hit#merge}) are the answer of the
 * whole.
 *
 * <p>Memory per row: 5 D bytes outside the heap, D with {@link Scope#vectorsInFiles}; and in it 12
 * bytes and what its id, location and description do not share with those of the row before.
 */
public final class VectorIndex implements AutoCloseable {
  /** Queries answered together: they share the reading of the rows. */
  private static final int BATCH = 8192;

  private final IndexColumns columns;
  private final VectorBlocks rows;
  private final KeyTable keys;
  private final Attributes attributes;
  private final int[] cellStarts;
  private final CellRanking ranking;
  private final int defaultProbes;
  private final Workers workers;
  private final CodeScan scan;

  /**
   * What of an index is opened.
   *
   * @param files which of its files, by number; all where empty
   * @param cells rows of other cells are left out; all where empty
   * @param vectors where the vectors are during searches
   */
  public record Scope(Optional<Set<Integer>> files, Optional<Set<Integer>> cells, Vectors vectors) {
    /** Some rows, in memory. */
    public Scope(Optional<Set<Integer>> files, Optional<Set<Integer>> cells) {
      this(files, cells, Vectors.IN_MEMORY);
    }

    /** The whole index, in memory. */
    public static Scope all() {
      return new Scope(Optional.empty(), Optional.empty());
    }

    /** The same rows, in memory only by their codes: a quarter of it, for slower searches. */
    public Scope vectorsInFiles() {
      return new Scope(files, cells, Vectors.IN_FILES);
    }
  }

  /** Where the vectors are during searches; the answers are the same. */
  public enum Vectors {
    /** Beside the codes. */
    IN_MEMORY,
    /**
     * In the files of the index, of which a search reads those that the codes leave in question.
     */
    IN_FILES
  }

  /** What an index consists of, in memory. */
  VectorIndex(
      IndexColumns columns,
      Cells cells,
      int probes,
      Loaded loaded,
      int[] cellStarts,
      Workers workers) {
    this.columns = columns;
    this.rows = loaded.rows();
    this.keys = loaded.keys();
    this.attributes = loaded.attributes();
    this.cellStarts = cellStarts;
    this.workers = workers;
    defaultProbes = probes;
    ranking = new CellRanking(cells, workers);
    scan = new CodeScan(rows, (row, other) -> keys.key(row).compareTo(keys.key(other)), workers);
  }

  /** Rows in memory, in the order of their cells. */
  record Loaded(VectorBlocks rows, KeyTable keys, Attributes attributes) {}

  /**
   * Opens an index.
   *
   * @param hadoop settings of the file systems
   * @param snapshot a version of the artefact {@code index}
   * @param scope what of it
   * @param threads that read and search, at least 1
   */
  public static VectorIndex open(
      Configuration hadoop, Snapshot snapshot, Scope scope, int threads) {
    Workers workers = new Workers(threads);
    try {
      return new IndexLoader(hadoop, snapshot, scope).load(workers);
    } catch (RuntimeException e) {
      workers.close();
      throw e;
    }
  }

  /** Number of rows. */
  public int size() {
    return rows.size();
  }

  /**
   * Bytes that the index takes, in and outside the heap: codes, vectors, texts, tables and
   * centroids; of attributes the references, not the values.
   */
  public long bytes() {
    return rows.bytes()
        + keys.bytes()
        + attributes.bytes()
        + ranking.centroids.bytes()
        + 4L * cellStarts.length;
  }

  /** URI of an image's file, if the index has the image. */
  public Optional<String> location(ImageKey image) {
    OptionalInt row = keys.row(image);
    return row.isPresent() ? Optional.of(keys.location(row.getAsInt())) : Optional.empty();
  }

  /** What an image shows, where the index knows it. */
  public Optional<String> description(ImageKey image) {
    OptionalInt row = keys.row(image);
    return row.isPresent()
        ? Optional.of(keys.description(row.getAsInt())).filter(text -> !text.isEmpty())
        : Optional.empty();
  }

  /** The vector of an image, {@code [D]}, if the index has the image. */
  public Optional<float[]> vector(ImageKey image) {
    OptionalInt row = keys.row(image);
    if (row.isEmpty()) {
      return Optional.empty();
    }
    float[] vector = new float[rows.width()];
    rows.copy(row.getAsInt(), vector);
    return Optional.of(vector);
  }

  /** A condition on the columns of this index. */
  public Filter filter(String condition) {
    return Filter.parse(condition, filterable(columns));
  }

  /** Conditions on the columns of this index that are all to hold. */
  public Filter filter(List<String> conditions) {
    return Filter.all(conditions, filterable(columns));
  }

  /** The columns a filter may use. */
  public static Map<String, IndexColumns.Kind> filterable(IndexColumns columns) {
    Map<String, IndexColumns.Kind> kinds = new TreeMap<>(columns.attributes());
    for (String name : List.of("id", "dataset", "category")) {
      kinds.put(name, IndexColumns.Kind.STRING);
    }
    return kinds;
  }

  /** How many rows pass a filter. */
  public int count(Filter filter) {
    return passing(filter).cardinality();
  }

  /**
   * Answers queries with the number of cells that gives the index its recall; more where a filter
   * leaves few candidates.
   *
   * @param probes queries of width D with the images that are no candidates; targets are ignored
   * @param k answers per query, at least 1
   * @param filter which images are candidates
   * @return per query its hits, best first; fewer than k where there are no more candidates
   */
  public List<List<Hit>> search(List<Probe> probes, int k, Optional<Filter> filter) {
    BitSet passing = filter.map(this::passing).orElse(new BitSet());
    int cells =
        filter.isEmpty()
            ? defaultProbes
            : widened(defaultProbes, passing.cardinality(), size(), ranking.count());
    return search(probes, k, filter.isPresent() ? Optional.of(passing) : Optional.empty(), cells);
  }

  /** Answers queries by a given number of cells; all of them for the exact answer. */
  public List<List<Hit>> search(List<Probe> probes, int k, int cells) {
    return search(probes, k, Optional.empty(), cells);
  }

  /** As above, with the candidates of a filter. */
  public List<List<Hit>> search(List<Probe> probes, int k, Filter filter, int cells) {
    return search(probes, k, Optional.of(passing(filter)), cells);
  }

  /**
   * Cells for a search that a filter leaves only some rows to: as many more as there are fewer
   * rows, so that it finds as many candidates.
   */
  public static int widened(int probes, long passing, long all, int cells) {
    double factor = (double) all / (double) Math.max(1, passing);
    return (int) Math.min(cells, Math.ceil(probes * factor));
  }

  private List<List<Hit>> search(List<Probe> probes, int k, Optional<BitSet> passing, int cells) {
    if (k < 1) {
      throw new IllegalArgumentException("an answer has at least one hit, not " + k);
    }
    List<List<Hit>> answers = new ArrayList<>(probes.size());
    for (int from = 0; from < probes.size(); from += BATCH) {
      answers.addAll(
          batch(probes.subList(from, Math.min(probes.size(), from + BATCH)), k, passing, cells));
    }
    return answers;
  }

  private List<List<Hit>> batch(List<Probe> probes, int k, Optional<BitSet> passing, int cells) {
    List<float[]> queries = new ArrayList<>(probes.size());
    int[][] excluded = new int[probes.size()][];
    for (int query = 0; query < excluded.length; query++) {
      queries.add(checked(probes.get(query).vector(), query));
      excluded[query] =
          probes.get(query).excluded().stream()
              .map(keys::row)
              .flatMapToInt(row -> row.isPresent() ? IntStream.of(row.getAsInt()) : IntStream.of())
              .toArray();
    }
    CodeScan.Allowed allowed =
        (query, row) -> {
          for (int other : excluded[query]) {
            if (other == row) {
              return false;
            }
          }
          return passing.isEmpty() || passing.get().get(row);
        };
    int depth = Math.min(k, Math.max(1, size()));
    List<Ranked> ranked = scan.search(queries, segments(queries, cells), depth, allowed);
    return ranked.stream().map(this::hits).toList();
  }

  private List<Segment> segments(List<float[]> queries, int probes) {
    if (probes >= ranking.count()) {
      return CodeScan.all(0, size(), queries.size(), workers.count());
    }
    int[][] nearest = ranking.nearest(queries, probes);
    // Most of a query's best rows lie in its nearest cell: what is found there rules out others.
    List<Segment> segments = segments(nearest, 0, 1);
    segments.addAll(segments(nearest, 1, probes));
    return segments;
  }

  /**
   * The cells from one place to another in the order of each query, with the queries they are for.
   */
  private List<Segment> segments(int[][] nearest, int from, int to) {
    int[] counts = new int[ranking.count()];
    for (int[] cells : nearest) {
      for (int place = from; place < to; place++) {
        counts[cells[place]]++;
      }
    }
    int[][] asking = new int[counts.length][];
    Arrays.setAll(asking, cell -> new int[counts[cell]]);
    for (int query = 0; query < nearest.length; query++) {
      for (int place = from; place < to; place++) {
        int cell = nearest[query][place];
        asking[cell][--counts[cell]] = query;
      }
    }
    List<Segment> segments = new ArrayList<>();
    for (int cell = 0; cell < asking.length; cell++) {
      if (asking[cell].length > 0 && cellStarts[cell + 1] > cellStarts[cell]) {
        segments.add(new Segment(cellStarts[cell], cellStarts[cell + 1], asking[cell]));
      }
    }
    return segments;
  }

  private List<Hit> hits(Ranked ranked) {
    List<Hit> hits = new ArrayList<>(ranked.rows().length);
    for (int i = 0; i < ranked.rows().length; i++) {
      hits.add(new Hit(keys.key(ranked.rows()[i]), ranked.scores()[i]));
    }
    return hits;
  }

  private float[] checked(float[] vector, int number) {
    double square = RowCode.square(vector);
    if (vector.length != rows.width() || !(square < 1e30)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot search for query %d: its vector has %d values of squared length %s, those of the"
              + " index have %d of length 1. Query and index must come from one encoder.",
          number,
          vector.length,
          square,
          rows.width());
    }
    return vector;
  }

  private BitSet passing(Filter filter) {
    BitSet passing = new BitSet(size());
    for (int row = 0; row < size(); row++) {
      int number = row;
      if (filter.test(column -> value(number, column))) {
        passing.set(row);
      }
    }
    return passing;
  }

  private Object value(int row, String column) {
    if (columns.attributes().containsKey(column)) {
      return attributes.get(row, column);
    }
    return switch (column) {
      case "id" -> keys.id(row);
      case "dataset" -> keys.group(row).dataset();
      default -> keys.group(row).category();
    };
  }

  @Override
  public void close() {
    workers.close();
    rows.close();
    ranking.close();
  }

  /** Ranks the cells of an index for queries. */
  static final class CellRanking implements AutoCloseable {
    private final VectorBlocks centroids;
    private final CodeScan scan;
    private final int workers;

    CellRanking(Cells cells, Workers workers) {
      this.workers = workers.count();
      centroids = new VectorBlocks(cells.width(), cells.count());
      byte[] code = new byte[cells.width()];
      for (int cell = 0; cell < cells.count(); cell++) {
        centroids.set(cell, cells.centroid(cell), code);
      }
      scan = new CodeScan(centroids, Integer::compare, workers);
    }

    int count() {
      return centroids.size();
    }

    /** The cells most similar to each query, the smaller number first among equals. */
    int[][] nearest(List<float[]> queries, int probes) {
      return scan
          .search(
              queries,
              CodeScan.all(0, count(), queries.size(), workers),
              Math.min(probes, count()),
              (query, cell) -> true)
          .stream()
          .map(Ranked::rows)
          .toArray(int[][]::new);
    }

    @Override
    public void close() {
      centroids.close();
    }
  }

  /**
   * The cells that a search of some queries looks into.
   *
   * @param probes cells per query
   */
  public static Set<Integer> probed(Cells cells, List<float[]> queries, int probes) {
    Set<Integer> probed = new TreeSet<>();
    try (Workers workers = new Workers(1);
        CellRanking ranking = new CellRanking(cells, workers)) {
      for (int[] one : ranking.nearest(queries, probes)) {
        Arrays.stream(one).forEach(probed::add);
      }
    }
    return probed;
  }
}
