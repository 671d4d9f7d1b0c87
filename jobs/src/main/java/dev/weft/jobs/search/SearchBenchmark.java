package dev.weft.jobs.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.compute.RandomKey;
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
import dev.weft.store.Provenance;
import dev.weft.store.RunKey;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;

/**
 * Measures the search of an index on two threads. The data are random unit vectors with cluster
 * structure: {@code x = c + 0.8 g} at unit length, where c is one of N / 100 random unit vectors
 * and g noise of length about 1; queries are drawn likewise.
 *
 * <pre>scripts/bench search</pre>
 */
public final class SearchBenchmark {
  private static final int WIDTH = 512;
  private static final int THREADS = 2;
  private static final int SMALL = 123_403; // the gallery of CIRCO
  private static final int QUERIES = 10_000;
  private static final int SAMPLE = 200_000;
  private static final int FILES = 8;
  private static final double TARGET = 0.95;
  private static final Configuration HADOOP = new Configuration();
  private static final JsonMapper JSON = new JsonMapper();

  private SearchBenchmark() {}

  /** Runs {@code build FOLDER ROWS CELLS}, {@code search FOLDER} or {@code report LOG README}. */
  public static void main(String[] args) throws IOException {
    switch (args[0]) {
      case "build" -> build(Path.of(args[1]), Integer.parseInt(args[2]), Integer.parseInt(args[3]));
      case "search" -> search(Path.of(args[1]));
      default -> report(Path.of(args[1]), Path.of(args[2]));
    }
  }

  /** Vectors made when they are asked for. */
  private static final class Made extends AbstractList<float[]> {
    private final int size;
    private final long stream;
    private final float[][] centres;

    Made(int size, long stream, int clusters) {
      this.size = size;
      this.stream = stream;
      centres = new float[clusters][];
      Arrays.setAll(
          centres, i -> unit(new float[WIDTH], new SplittableRandom(RandomKey.of(1, i)), 1));
    }

    @Override
    public float[] get(int row) {
      SplittableRandom random = new SplittableRandom(RandomKey.of(2, stream, row));
      return unit(centres[random.nextInt(centres.length)].clone(), random, 0.8);
    }

    @Override
    public int size() {
      return size;
    }

    private static float[] unit(float[] vector, SplittableRandom random, double noise) {
      double square = 0;
      // The sum of four uniform numbers is near enough to a normal one.
      double scale = noise * Math.sqrt(3.0 / vector.length) / 65536;
      for (int i = 0; i < vector.length; i++) {
        long bits = random.nextLong();
        long sum = (bits & 65535) + ((bits >> 16) & 65535) + ((bits >> 32) & 65535) + (bits >>> 48);
        vector[i] += (float) ((int) (sum - 131070) * scale);
        square += vector[i] * vector[i];
      }
      float factor = (float) (1 / Math.sqrt(square));
      for (int i = 0; i < vector.length; i++) {
        vector[i] *= factor;
      }
      return vector;
    }
  }

  private static void build(Path folder, int rows, int count) throws IOException {
    Files.createDirectories(folder);
    Made base = new Made(rows, 0, rows / 100);
    Made queries = new Made(QUERIES, 1, rows / 100);
    write(folder.resolve("base.f32"), base);
    write(folder.resolve("queries.f32"), queries);
    int small = Math.min(SMALL, rows);
    store(folder, "small", base, Cells.one(WIDTH), new int[small], IndexLayout.exact());
    store(folder, "exact", base, Cells.one(WIDTH), new int[rows], IndexLayout.exact());

    try (Workers workers = new Workers(THREADS)) {
      List<float[]> all = new ArrayList<>(base); // as FAISS has them: in memory
      long start = System.nanoTime();
      Cells cells = Cells.train(all.subList(0, Math.min(SAMPLE, rows)), count, 10, 1, workers);
      int[] assigned = cells.assign(all, workers);
      measure("build", seconds(start));
      List<float[]> some = queries.subList(0, 1000);
      List<int[]> truth;
      try (VectorIndex exact = open(folder, "exact")) {
        truth =
            exact.search(some.stream().map(Probe::of).toList(), CellRecall.K, 1).stream()
                .map(hits -> hits.stream().mapToInt(hit -> assigned[row(hit)]).toArray())
                .toList();
      }
      IndexLayout layout =
          CellRecall.measure(cells, some, truth, workers).reaching(TARGET, "random queries");
      start = System.nanoTime();
      store(folder, "ivf", all, cells, assigned, layout);
      measure("write", seconds(start));
    }
  }

  private static int row(Hit hit) {
    return Integer.parseInt(hit.image().id());
  }

  private static void write(Path file, List<float[]> vectors) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file), 1 << 20)) {
      for (float[] vector : vectors) {
        out.write(VectorBytes.encode(vector));
      }
    }
  }

  private static void store(
      Path folder, String name, List<float[]> rows, Cells cells, int[] assigned, IndexLayout layout)
      throws IOException {
    int[] order =
        IntStream.range(0, assigned.length)
            .boxed()
            .sorted(Comparator.comparingInt(row -> assigned[row]))
            .mapToInt(Integer::intValue)
            .toArray();
    Attempt attempt = artefact(folder, name).begin(UUID.randomUUID().toString());
    if (cells.count() > 1) {
      attempt.write(IndexLayout.CENTROIDS, VectorFile.write(cells.flat()));
    }
    for (int file = 0; file < FILES; file++) {
      String part = String.format(Locale.ROOT, "index-%05d.parquet", file);
      IndexFileWriter writer =
          new IndexFileWriter(HADOOP, attempt.folder(), part, IndexColumns.plain());
      try (writer) {
        int to = (int) ((long) order.length * (file + 1) / FILES);
        for (int i = (int) ((long) order.length * file / FILES); i < to; i++) {
          int row = order[i];
          String id = String.format(Locale.ROOT, "%09d", row);
          ImageKey key = new ImageKey("random", "", id);
          String place = "file:/gallery/" + id + ".jpg";
          writer.write(
              new IndexRow(key, place, Optional.empty(), Map.of(), rows.get(row)), assigned[row]);
        }
      }
      attempt.add(writer.entry());
    }
    Map<String, Object> facts = new LinkedHashMap<>();
    layout.into(facts, IndexContract.of(WIDTH, "random", "none", order.length));
    String key = new RunKey("benchmark", Map.of("name", name), Map.of(), 1).hash();
    attempt.commit(
        new CommitRequest(
            key,
            Provenance.here(key, Map.of(), "benchmark", 1),
            Map.of(IndexLayout.TABLE, IndexColumns.plain().ddl()),
            facts,
            Clock.systemUTC().instant()));
  }

  private static Artefact artefact(Path folder, String name) {
    return Artefact.open(HADOOP, folder.toAbsolutePath().toString(), name);
  }

  private static VectorIndex open(Path folder, String name) {
    Snapshot snapshot = artefact(folder, name).require();
    return VectorIndex.open(HADOOP, snapshot, VectorIndex.Scope.all(), THREADS);
  }

  private static void search(Path folder) throws IOException {
    byte[] bytes = Files.readAllBytes(folder.resolve("queries.f32"));
    List<Probe> queries = new ArrayList<>();
    for (int from = 0; from < bytes.length; from += 4 * WIDTH) {
      queries.add(Probe.of(VectorBytes.decode(Arrays.copyOfRange(bytes, from, from + 4 * WIDTH))));
    }
    try (VectorIndex small = open(folder, "small")) {
      measure("exact-123403", best(() -> small.search(queries.subList(0, 800), 50, 1), 800));
    }
    List<List<Hit>> truth;
    try (VectorIndex exact = open(folder, "exact")) {
      measure("exact-all", best(() -> exact.search(queries.subList(0, 64), 10, 1), 64));
      truth = exact.search(queries.subList(0, 1000), 10, 1);
    }
    long start = System.nanoTime();
    try (VectorIndex ivf = open(folder, "ivf")) {
      ivf.search(queries.subList(0, 1), 10, Optional.empty());
      measure("open", seconds(start));
      measure("memory", (double) ivf.bytes() / (double) (4L * WIDTH * ivf.size()));
      List<List<Hit>> found = ivf.search(queries.subList(0, 1000), 10, Optional.empty());
      long right = 0;
      for (int query = 0; query < found.size(); query++) {
        right += found.get(query).stream().filter(truth.get(query)::contains).count();
      }
      measure("ivf-recall", (double) right / 10 / found.size());
      measure("ivf-probes", IndexLayout.of(artefact(folder, "ivf").require()).probes());
      measure("ivf", best(() -> ivf.search(queries, 10, Optional.empty()), queries.size()));
    }
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
    say("MEASURE " + JSON.writeValueAsString(Map.of("who", "weft", "case", name, "value", value)));
  }

  @SuppressWarnings("SystemOut") // what the script reads
  private static void say(String line) {
    System.out.println(line);
  }

  private static void report(Path log, Path readme) throws IOException {
    Map<String, Double> medians = medians(log);
    List<String> lines = new ArrayList<>();
    lines.add("| two threads | Weft | FAISS | ratio |");
    lines.add("|---|---:|---:|---:|");
    lines.add(
        row(medians, "exact, 123,403 x 512, top 50, queries/s", "exact-123403", "exact-123403"));
    lines.add(row(medians, "exact, all rows, batches of 64, queries/s", "exact-all", "exact-all"));
    lines.add(row(medians, "IVF, queries/s, against IVF-Flat", "ivf", "ivf-flat"));
    lines.add(row(medians, "IVF, queries/s, against IVF-SQ8", "ivf", "ivf-sq8"));
    lines.add(row(medians, "IVF, recall@10", "ivf-recall", "ivf-flat-recall"));
    lines.add(row(medians, "IVF, cells per query", "ivf-probes", "ivf-flat-probes"));
    lines.add(row(medians, "cells trained, rows assigned, s", "build", "build-flat"));
    lines.add(row(medians, "written as Parquet, s", "write", ""));
    lines.add(row(medians, "opened from Parquet to the first answer, s", "open", ""));
    lines.add(row(medians, "memory / vectors", "memory", ""));
    String table = String.join("\n", lines) + "\n";
    say(table);
    String begin = "<!-- search -->\n";
    String text = Files.readString(readme);
    int from = text.indexOf(begin);
    int to = text.indexOf("<!-- /search -->");
    if (from >= 0 && to > from) {
      Files.writeString(
          readme, text.substring(0, from + begin.length()) + table + text.substring(to));
    }
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("stage", "bench search");
    fields.put("status", "done");
    fields.putAll(medians);
    say("RESULT " + JSON.writeValueAsString(fields));
  }

  private static Map<String, Double> medians(Path log) throws IOException {
    Map<String, List<Double>> values = new LinkedHashMap<>();
    for (String line : Files.readAllLines(log)) {
      if (line.startsWith("MEASURE ")) {
        JsonNode one = JSON.readTree(line.substring("MEASURE ".length()));
        String name = one.get("who").asText() + "/" + one.get("case").asText();
        values.computeIfAbsent(name, any -> new ArrayList<>()).add(one.get("value").asDouble());
      }
    }
    Map<String, Double> medians = new LinkedHashMap<>();
    values.forEach(
        (name, some) -> {
          Collections.sort(some);
          medians.put(name, some.get(some.size() / 2));
        });
    return medians;
  }

  private static String row(Map<String, Double> medians, String label, String ours, String theirs) {
    Map<String, String> shown = new HashMap<>();
    Double weft = medians.get("weft/" + ours);
    Double faiss = medians.get("faiss/" + theirs);
    shown.put("weft", number(weft));
    String ratio =
        weft == null || faiss == null ? "" : String.format(Locale.ROOT, "%.2f", weft / faiss);
    return "| " + String.join(" | ", label, shown.get("weft"), number(faiss), ratio) + " |";
  }

  private static String number(Double value) {
    if (value == null) {
      return "";
    }
    return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : "%.3g", value);
  }
}
