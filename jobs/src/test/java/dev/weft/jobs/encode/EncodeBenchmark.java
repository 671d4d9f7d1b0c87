package dev.weft.jobs.encode;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.MarkedSection;
import dev.weft.config.Settings;
import dev.weft.encode.BgeTextTower;
import dev.weft.encode.Fit;
import dev.weft.encode.ModelFiles;
import dev.weft.encode.ModelOptions;
import dev.weft.encode.OnnxEncoder;
import dev.weft.encode.Preprocessing;
import dev.weft.encode.Resample;
import dev.weft.ingest.BadImageException;
import dev.weft.ingest.ImageDecoder;
import dev.weft.ingest.ImageLimits;
import dev.weft.ingest.RgbImage;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Progress;
import dev.weft.jobs.Session;
import dev.weft.jobs.ingest.IngestJob;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;

/**
 * Measures encode on two threads beside what a Python user would run on the same files, in turns:
 * Pillow, tokenizers, ONNX Runtime, pyarrow, in the quickest of several ways. End to end it is the
 * stage itself, in Spark with two task slots, and beside it the time of the job alone that encodes.
 *
 * <pre>scripts/bench encode [ROUNDS]</pre>
 */
public final class EncodeBenchmark {
  private static final int THREADS = 2;
  private static final int SIDE = 224;

  /** Nanoseconds. */
  private static final long WARM_UP = 5_000_000_000L;

  /** Files that are decoded, pictures that the tower alone sees. */
  private static final int SOME = 640;

  private static final ImageLimits LIMITS = new ImageLimits(100_000_000, 100_000_000, 60);
  private static final Preprocessing CLIP =
      new Preprocessing(
          SIDE,
          Resample.BICUBIC,
          Fit.CROP,
          List.of(0.48145466, 0.4578275, 0.40821073),
          List.of(0.26862954, 0.26130258, 0.27577711));
  private static final JsonMapper JSON = new JsonMapper();

  private final Path folder;
  private final int rounds;
  private final Optional<EncodePeer> peer;
  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);
  private final List<Row> rows = new ArrayList<>();
  private final StringBuilder notes = new StringBuilder();

  private EncodeBenchmark(Path folder, int rounds, Optional<EncodePeer> peer) {
    this.folder = folder;
    this.rounds = rounds;
    this.peer = peer;
  }

  /** A line of the table: medians over the rounds, things per second. */
  private record Row(String what, double weft, Optional<Double> python, String way) {
    Optional<Double> ratio() {
      return python.map(other -> weft / other);
    }

    String line() {
      return String.format(
          Locale.ROOT,
          "| %s | %,.1f | %s | %s | %s |%n",
          what,
          weft,
          python.map(value -> String.format(Locale.ROOT, "%,.1f", value)).orElse(""),
          ratio().map(value -> String.format(Locale.ROOT, "%.2f", value)).orElse(""),
          way);
    }
  }

  /**
   * @param arguments folder of the measurement, rounds, the Python interpreter, the Markdown file
   *     that takes the table
   */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]).toAbsolutePath();
    int rounds = Integer.parseInt(arguments[1]);
    BenchmarkFiles files = BenchmarkFiles.in(folder);
    try (EncodePeer peer = EncodePeer.start(arguments[2], folder)) {
      Optional<EncodePeer> present = Optional.of(peer).filter(EncodePeer::isReady);
      EncodeBenchmark benchmark = new EncodeBenchmark(folder, rounds, present);
      try {
        benchmark.measure(files);
      } finally {
        benchmark.threads.shutdownNow();
      }
      benchmark.report(Path.of(arguments[3]), peer.version());
    }
  }

  private void measure(BenchmarkFiles files) throws Exception {
    List<Path> some = files.images().subList(0, Math.min(SOME, files.images().size()));
    List<String> ways = List.of("processes 32", "threads 32");
    ImageDecoder whole = new ImageDecoder(LIMITS);
    compare(
        "JPEG files decoded and resized", "resize", some.size(), ways, () -> resized(some, whole));
    ImageDecoder draft = new ImageDecoder(LIMITS, OptionalInt.of(SIDE));
    compare("the same by a draft", "draft", some.size(), ways, () -> resized(some, draft));
    BgeTextTower bge = BgeTextTower.load(1);
    List<String> batches = List.of("processes 1", "processes 32", "threads 32");
    compareTexts(
        "texts, bge-small-en-v1.5 (8-bit), one by one",
        "texts/bge",
        files.texts(),
        List.of("processes 1", "threads 1"),
        bge::encode);
    compareTexts("the same, Python in batches", "texts/bge", files.texts(), batches, bge::encode);
    if (Files.exists(folder.resolve("clip/onnx/vision_model.onnx"))) {
      try (OnnxEncoder clip = open()) {
        compareTexts("texts, CLIP's tower", "texts/clip", files.texts(), batches, clip::texts);
      }
      endToEnd(files);
    }
  }

  private void endToEnd(BenchmarkFiles files) throws Exception {
    IngestJob.run(session(files, false));
    int count = files.images().size();
    EncodingTime time = new EncodingTime();
    LocalSpark.session().sparkContext().addSparkListener(time);
    Row stage =
        compare(
            "JPEG files to Parquet, ViT-B/32: the stage",
            "images",
            count,
            List.of("processes 8", "processes 32", "threads 16"),
            () -> EncodeJob.run(session(files, true)));
    List<Double> rates = time.seconds().stream().map(seconds -> count / seconds).toList();
    Row encoding =
        new Row(
            "the same: the job that encodes",
            median(rates.subList(1, rates.size())), // the first warmed up
            stage.python(),
            stage.way());
    System.err.print(encoding.line());
    rows.add(encoding);
    try (OnnxEncoder clip = open()) {
      double tower = tower(files.images().subList(0, Math.min(SOME, count)), clip);
      notes
          .append(
              String.format(
                  Locale.ROOT,
                  "The tower alone, on pictures that are ready, encodes %.1f a second%s.",
                  tower,
                  stage
                      .python()
                      .map(
                          python ->
                              String.format(
                                  Locale.ROOT,
                                  ": with it nothing can be more than %.2f times as fast as this Python",
                                  tower / python))
                      .orElse("")))
          .append(
              String.format(
                  Locale.ROOT,
                  " Reading, decoding and resizing take %.1f %% of a task's time.",
                  100 * waiting(files.images(), clip)));
    }
  }

  /** Pictures a second, where reading and decoding take no time. */
  private double tower(List<Path> images, OnnxEncoder encoder) throws Exception {
    ImageDecoder whole = new ImageDecoder(LIMITS);
    List<RgbImage> squares = new ArrayList<>();
    for (Path image : images) {
      squares.add(square(image, whole));
    }
    List<Callable<Object>> work =
        parts(squares).stream().<Callable<Object>>map(part -> () -> encoder.frames(part)).toList();
    together(work.subList(0, 1)); // compiled
    long start = System.nanoTime();
    together(work);
    return squares.size() / ((System.nanoTime() - start) / 1e9);
  }

  /** How long the jobs took that encode images, each from its start to its end. */
  private static final class EncodingTime extends SparkListener {
    private final Map<Integer, Long> started = new HashMap<>();
    private final List<Double> seconds = new ArrayList<>();

    @Override
    public synchronized void onJobStart(SparkListenerJobStart job) {
      if ("encode images".equals(job.properties().getProperty("spark.job.description"))) {
        started.put(job.jobId(), job.time());
      }
    }

    @Override
    public synchronized void onJobEnd(SparkListenerJobEnd job) {
      Long start = started.remove(job.jobId());
      if (start != null) {
        seconds.add((job.time() - start) / 1e3);
      }
    }

    /** Of the jobs that are over; the last of each stage was well before the stage's end. */
    synchronized List<Double> seconds() {
      return List.copyOf(seconds);
    }
  }

  private interface Work {
    void run() throws Exception;
  }

  private void compareTexts(
      String what,
      String kind,
      List<String> texts,
      List<String> ways,
      Function<List<String>, float[][]> encoder)
      throws Exception {
    List<Callable<Object>> work =
        parts(texts).stream().<Callable<Object>>map(part -> () -> encoder.apply(part)).toList();
    compare(what, kind, texts.size(), ways, () -> together(work));
  }

  /** The quickest way of the peer is found first, on a part of the work. */
  private Row compare(String what, String kind, int count, List<String> ways, Work ours)
      throws Exception {
    String best = "";
    double shortest = Double.MAX_VALUE;
    if (peer.isPresent()) {
      for (String way : ways) {
        peer.get().seconds(kind, Math.min(count, 32), way); // opens what it needs
        double seconds = peer.get().seconds(kind, Math.min(count, 200), way);
        if (seconds < shortest) {
          best = way;
          shortest = seconds;
        }
      }
    }
    long begin = System.nanoTime();
    do {
      ours.run(); // opened, and compiled: the first 2,000 pictures are slower
    } while (System.nanoTime() - begin < WARM_UP);
    List<Double> weft = new ArrayList<>();
    List<Double> python = new ArrayList<>();
    for (int round = 0; round < rounds; round++) {
      long start = System.nanoTime();
      ours.run();
      weft.add(count / ((System.nanoTime() - start) / 1e9));
      if (peer.isPresent()) {
        python.add(count / peer.get().seconds(kind, count, best));
      }
    }
    Optional<Double> other = python.isEmpty() ? Optional.empty() : Optional.of(median(python));
    Row row = new Row(what, median(weft), other, best);
    System.err.print(row.line());
    rows.add(row);
    return row;
  }

  private static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  private void resized(List<Path> images, ImageDecoder decoder) throws Exception {
    together(
        parts(images).stream()
            .<Callable<Object>>map(
                part ->
                    () -> {
                      for (Path image : part) {
                        square(image, decoder);
                      }
                      return part;
                    })
            .toList());
  }

  private static RgbImage square(Path image, ImageDecoder decoder) throws IOException {
    try {
      return decoder.decode(Files.readAllBytes(image), CLIP::square);
    } catch (BadImageException e) {
      throw new IOException(image.toString(), e);
    }
  }

  /** As many parts as threads. */
  private static <T> List<List<T>> parts(List<T> all) {
    int middle = all.size() / THREADS;
    return List.of(all.subList(0, middle), all.subList(middle, all.size()));
  }

  private void together(List<Callable<Object>> work) throws InterruptedException {
    for (Future<Object> done : threads.invokeAll(work)) {
      try {
        done.get();
      } catch (ExecutionException e) {
        throw new IllegalStateException(e.getCause());
      }
    }
  }

  /** How long the tower waits for its pictures, on one thread. */
  private static double waiting(List<Path> images, OnnxEncoder encoder) throws IOException {
    ImageDecoder whole = new ImageDecoder(LIMITS);
    long reading = 0;
    long all = 0;
    for (int round = 0; round < 2; round++) { // the first is the warm-up
      long start = System.nanoTime();
      List<RgbImage> squares = new ArrayList<>();
      for (Path image : images.subList(0, Math.min(32, images.size()))) {
        squares.add(square(image, whole));
      }
      reading = System.nanoTime() - start;
      encoder.frames(squares);
      all = System.nanoTime() - start;
    }
    return (double) reading / all;
  }

  private OnnxEncoder open() {
    ModelOptions options =
        new ModelOptions(
            "fp32",
            ModelOptions.Pad.NONE,
            1.25,
            ModelOptions.JpegScale.FULL,
            ModelOptions.Pooling.MODEL,
            ModelOptions.Device.CPU);
    ModelFiles model =
        ModelFiles.of(new Configuration(), folder.resolve("clip").toString(), "fp32");
    return OnnxEncoder.open(model, folder.resolve("clip"), options, 1);
  }

  private Session session(BenchmarkFiles files, boolean force) {
    Settings settings =
        PipelineConfig.defaults()
            .overriddenBy(
                Settings.ofPairs(
                    List.of(
                        "root=" + folder.resolve("runs"),
                        "encode.model=" + folder.resolve("clip"),
                        "ingest.datasets=[{name: bench, layout: jsonl, annotations: '"
                            + files.annotations()
                            + "', images: '"
                            + folder.resolve("images")
                            + "', descriptions: ''}]")));
    return new Session(
        LocalSpark.session(),
        PipelineConfig.bind(settings, "the benchmark"),
        settings,
        new Session.Options(
            force,
            new Progress(
                new PrintStream(System.err, false, StandardCharsets.UTF_8),
                false,
                System::nanoTime),
            Clock.systemUTC()));
  }

  private void report(Path document, String version) throws IOException {
    StringBuilder table =
        new StringBuilder(
            """
            | two threads, per second | Weft | Python | ratio | Python's quickest way, batch |
            |---|---:|---:|---:|---|
            """);
    rows.forEach(row -> table.append(row.line()));
    table.append(
        String.format(
            Locale.ROOT,
            "%nMedian of %d rounds in turns; %s. %s%n",
            rounds,
            version.isEmpty() ? "there was no Python with the packages to compare with" : version,
            notes));
    MarkedSection.replace(document, "bench encode", table.toString());
    ObjectNode result = JSON.createObjectNode().put("stage", "bench-encode").put("status", "done");
    ObjectNode figures = result.putObject("rows");
    for (Row row : rows) {
      ObjectNode figure = figures.putObject(row.what()).put("weft", row.weft());
      row.python().ifPresent(value -> figure.put("python", value));
      row.ratio().ifPresent(value -> figure.put("ratio", value));
    }
    System.out.println("RESULT " + JSON.writeValueAsString(result));
  }
}
