package dev.weft.jobs.search;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.MarkedSection;
import dev.weft.compute.VectorFile;
import dev.weft.compute.Workers;
import dev.weft.index.CellRecall;
import dev.weft.index.Cells;
import dev.weft.index.IndexColumns;
import dev.weft.index.IndexContract;
import dev.weft.index.IndexFileWriter;
import dev.weft.index.IndexLayout;
import dev.weft.index.IndexRow;
import dev.weft.index.VectorIndex;
import dev.weft.ingest.ImageKey;
import dev.weft.rank.Hit;
import dev.weft.rank.Probe;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.FileEntry;
import dev.weft.store.Provenance;
import dev.weft.store.RunKey;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/**
 * Measures the search of an index on two threads, with the vectors of {@link BenchmarkVectors}.
 * FAISS does the same in turns, by {@code scripts/peers/search_faiss.py}.
 *
 * <pre>scripts/bench search</pre>
 */
public final class SearchBenchmark {
  private static final int THREADS = 2;
  private static final int SMALL = 123_403; // the gallery of CIRCO
  private static final int QUERIES = 10_000;
  private static final int MEASURED = 1000; // queries that recall is measured on
  private static final int PER_CELL = 256; // vectors of the sample, as many as FAISS takes
  private static final int ITERATIONS = 10; // as FAISS makes
  private static final int FILES = 8;
  private static final double RECALL = 0.95;
  private static final Configuration HADOOP = new Configuration();

  private final Path folder;
  private final Workers workers;

  private SearchBenchmark(Path folder, Workers workers) {
    this.folder = folder;
    this.workers = workers;
  }

  /**
   * Runs {@code data FOLDER ROWS}, {@code build FOLDER CELLS}, {@code search FOLDER} or {@code
   * report LOG README}.
   */
  public static void main(String[] args) throws IOException {
    Path path = Path.of(args[1]);
    try (Workers workers = new Workers(THREADS)) {
      SearchBenchmark benchmark = new SearchBenchmark(path, workers);
      switch (args[0]) {
        case "data" -> benchmark.data(Integer.parseInt(args[2]));
        case "build" -> benchmark.build(Integer.parseInt(args[2]));
        case "search" -> benchmark.search();
        default -> report(path, Path.of(args[2]));
      }
    }
  }

  private void data(int rows) throws IOException {
    Files.createDirectories(folder);
    BenchmarkVectors.make(folder.resolve("base.f32"), rows, rows, 0, workers);
    BenchmarkVectors.make(folder.resolve("queries.f32"), QUERIES, rows, 1, workers);
  }

  private List<float[]> queries() throws IOException {
    return BenchmarkVectors.read(folder.resolve("queries.f32"), workers);
  }

  private void build(int count) throws IOException {
    List<float[]> base = BenchmarkVectors.read(folder.resolve("base.f32"), workers); // as FAISS has
    measure("rows", base.size());
    List<float[]> small = base.subList(0, Math.min(SMALL, base.size()));
    Stored exact = new Stored("small", Cells.one(BenchmarkVectors.WIDTH), new int[small.size()]);
    exact.commit(IndexLayout.exact(), exact.write(small));

    long start = System.nanoTime();
    int sample = Math.min(PER_CELL * count, base.size());
    Cells cells = Cells.train(base.subList(0, sample), count, ITERATIONS, 1, workers);
    int[] assigned = cells.assign(base, workers);
    measure("train", seconds(start));
    Stored whole = new Stored("whole", cells, assigned);
    List<FileEntry> files = whole.write(base);
    measure("build", seconds(start));

    whole.commit(new IndexLayout(count, 1, 0, RECALL, 1, "not measured yet"), files);
    List<float[]> some = queries().subList(0, MEASURED);
    int[][] truth;
    try (VectorIndex index = open("whole", VectorIndex.Scope.all())) {
      truth = rows(index.search(probes(some), CellRecall.K, count));
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(4 * MEASURED * CellRecall.K).order(ByteOrder.LITTLE_ENDIAN);
    Arrays.stream(truth).flatMapToInt(Arrays::stream).forEach(bytes::putInt);
    Files.write(folder.resolve("truth.i32"), bytes.array());
    List<int[]> truthCells =
        Arrays.stream(truth)
            .map(rows -> Arrays.stream(rows).map(row -> assigned[row]).toArray())
            .toList();
    whole.commit(
        CellRecall.measure(cells, some, truthCells, workers).reaching(RECALL, "random queries"),
        files);
  }

  private static int[][] rows(List<List<Hit>> answers) {
    return answers.stream()
        .map(hits -> hits.stream().mapToInt(SearchBenchmark::row).toArray())
        .toArray(int[][]::new);
  }

  private static int row(Hit hit) {
    return Integer.parseInt(hit.image().id());
  }

  private static List<Probe> probes(List<float[]> queries) {
    return queries.stream().map(Probe::of).toList();
  }

  private Artefact artefact(String name) {
    return Artefact.open(HADOOP, folder.toAbsolutePath().toString(), name);
  }

  private VectorIndex open(String name, VectorIndex.Scope scope) {
    return VectorIndex.open(HADOOP, artefact(name).require(), scope, THREADS);
  }

  /** An index in the making, whose rows have their numbers for ids. */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private final class Stored {
    private final String name;
    private final Cells cells;
    private final int[] assigned;

    Stored(String name, Cells cells, int[] assigned) {
      this.name = name;
      this.cells = cells;
      this.assigned = assigned;
    }

    /** Writes the files, of which each worker has one at a time. */
    List<FileEntry> write(List<float[]> rows) {
      int[] order =
          IntStream.range(0, assigned.length)
              .boxed()
              .sorted(Comparator.comparingInt(row -> assigned[row]))
              .mapToInt(Integer::intValue)
              .toArray();
      Attempt attempt = artefact(name).begin(UUID.randomUUID().toString());
      FileEntry[] entries = new FileEntry[FILES];
      workers.run(
          FILES,
          (worker, file) -> {
            int from = (int) ((long) order.length * file / FILES);
            int to = (int) ((long) order.length * (file + 1) / FILES);
            entries[file] = write(attempt, file, rows, Arrays.copyOfRange(order, from, to));
          });
      return List.of(entries);
    }

    private FileEntry write(Attempt attempt, int file, List<float[]> rows, int[] order) {
      String part = String.format(Locale.ROOT, "index-%05d.parquet", file);
      try {
        IndexFileWriter writer =
            new IndexFileWriter(HADOOP, attempt.folder(), part, IndexColumns.plain());
        try (writer) {
          for (int row : order) {
            String id = String.format(Locale.ROOT, "%09d", row);
            ImageKey key = new ImageKey("random", "", id);
            String place = "file:/gallery/" + id + ".jpg";
            writer.write(
                new IndexRow(key, place, Optional.empty(), Map.of(), rows.get(row)), assigned[row]);
          }
        }
        return writer.entry();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    void commit(IndexLayout layout, List<FileEntry> files) {
      Attempt attempt = artefact(name).begin(UUID.randomUUID().toString());
      files.forEach(attempt::add);
      if (cells.count() > 1) {
        attempt.write(IndexLayout.CENTROIDS, VectorFile.write(cells.flat()));
      }
      Map<String, Object> facts = new LinkedHashMap<>();
      layout.into(
          facts, IndexContract.of(BenchmarkVectors.WIDTH, "random", "none", assigned.length));
      String key = new RunKey("benchmark", Map.of("name", name), Map.of(), 1).hash();
      attempt.commit(
          new CommitRequest(
              key,
              Provenance.here(key, Map.of(), "benchmark", 1),
              Map.of(IndexLayout.TABLE, IndexColumns.plain().ddl()),
              facts,
              Clock.systemUTC().instant()));
    }
  }

  private void search() throws IOException {
    List<Probe> queries = probes(queries());
    try (VectorIndex small = open("small", VectorIndex.Scope.all())) {
      measure("exact-123403", best(() -> small.search(queries.subList(0, 800), 50, 1), 800));
    }
    long start = System.nanoTime();
    try (VectorIndex index = open("whole", VectorIndex.Scope.all())) {
      index.search(queries.subList(0, 1), 10, Optional.empty());
      measure("open", seconds(start));
      measure("memory", memory(index));
      Snapshot snapshot = artefact("whole").require();
      int all = IndexLayout.of(snapshot).cells();
      measure("exact-all", best(() -> index.search(queries.subList(0, 64), 10, all), 64));
      List<Probe> some = queries.subList(0, MEASURED);
      measure("ivf-recall", recall(index.search(some, CellRecall.K, Optional.empty())));
      measure("ivf-probes", IndexLayout.of(snapshot).probes());
      measure("ivf", best(() -> index.search(queries, 10, Optional.empty()), queries.size()));
    }
    start = System.nanoTime();
    try (VectorIndex index = open("whole", VectorIndex.Scope.all().vectorsInFiles())) {
      index.search(queries.subList(0, 1), 10, Optional.empty());
      measure("codes-open", seconds(start));
      measure("codes-memory", memory(index));
      measure("codes-ivf", best(() -> index.search(queries, 10, Optional.empty()), queries.size()));
    }
  }

  private static double memory(VectorIndex index) {
    return (double) index.bytes() / (4.0 * BenchmarkVectors.WIDTH * index.size());
  }

  private double recall(List<List<Hit>> answers) throws IOException {
    ByteBuffer truth =
        ByteBuffer.wrap(Files.readAllBytes(folder.resolve("truth.i32")))
            .order(ByteOrder.LITTLE_ENDIAN);
    long right = 0;
    for (int[] rows : rows(answers)) {
      for (int i = 0; i < CellRecall.K; i++) {
        int wanted = truth.getInt();
        right += Arrays.stream(rows).filter(row -> row == wanted).count();
      }
    }
    return right / ((double) CellRecall.K * answers.size());
  }

  /** Queries per second of the fastest of a few runs, after one that warms up. */
  private static double best(Runnable run, int queries) {
    run.run();
    double fastest = Double.MAX_VALUE;
    for (int repeat = 0; repeat < 4; repeat++) {
      long start = System.nanoTime();
      run.run();
      fastest = Math.min(fastest, seconds(start));
    }
    return queries / fastest;
  }

  private static double seconds(long start) {
    return (System.nanoTime() - start) / 1e9;
  }

  private static void measure(String name, double value) throws IOException {
    say(BenchmarkTable.line(name, value));
  }

  @SuppressWarnings("SystemOut") // what the script reads
  private static void say(String line) {
    System.out.println(line);
  }

  private static void report(Path log, Path readme) throws IOException {
    BenchmarkTable table = BenchmarkTable.of(log);
    MarkedSection.replace(readme, "search", table.markdown());
    say(table.markdown());
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("stage", "bench search");
    fields.put("status", "done");
    fields.putAll(table.medians());
    say("RESULT " + new JsonMapper().writeValueAsString(fields));
  }
}
