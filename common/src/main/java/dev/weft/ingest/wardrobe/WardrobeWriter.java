package dev.weft.ingest.wardrobe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.wardrobe.WardrobeReport.Contents;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Draws a wardrobe into a folder, which then reads like a download of FashionIQ and CIRCO:
 *
 * <pre>
 *   captions/cap.[category].[split].json         triplets, without target in the test split
 *   image_splits/split.[category].[split].json   galleries
 *   images/[id].png
 *   descriptions.jsonl                           {"category", "image", "text"} of every image above
 *   circo/annotations/val.json, test.json
 *   circo/images/[12 digits].png
 *   wardrobe.json                                settings and counts, written last
 * </pre>
 *
 * <p>Invariants: a folder with {@code wardrobe.json} alone is whole; one with {@code
 * wardrobe.unfinished.json} is the rest of an interrupted run and is drawn again; a folder with
 * other files is not touched. A whole one of which less was delivered grows in place. Equal
 * settings give equal bytes on one Java version, whatever the number of threads.
 */
public final class WardrobeWriter {
  /** Raised whenever equal settings draw something else than before. */
  private static final int FORMAT = 1;

  private static final String DELIVERED = "delivered-percent";
  private static final String FINISHED = "wardrobe.json";
  private static final String UNFINISHED = "wardrobe.unfinished.json";
  private static final List<String> OURS =
      List.of("captions", "image_splits", "images", "descriptions.jsonl", "circo");
  private static final JsonMapper JSON = JsonMapper.builder().build();

  private final WardrobeConfig config;
  private final FileSystem files;
  private final Path folder;
  private final IntConsumer progress;

  /** What a marker file holds; an unfinished wardrobe has no contents yet. */
  private record Marker(Map<String, Long> settings, Contents contents) {}

  private WardrobeWriter(
      WardrobeConfig config, FileSystem files, Path folder, IntConsumer progress) {
    this.config = config;
    this.files = files;
    this.folder = folder;
    this.progress = progress;
  }

  /**
   * Draws the wardrobe, unless it is there already.
   *
   * @param config what to draw and where
   * @param hadoop settings of the file system
   * @param progress told, one call at a time, how many of {@link WardrobeConfig#allImages} are
   *     drawn
   * @return what lies in the folder now
   * @throws WeftException if the folder holds a wardrobe of other settings, or files of somebody
   *     else
   */
  public static WardrobeReport write(
      WardrobeConfig config, Configuration hadoop, IntConsumer progress) {
    try {
      Path folder = new Path(config.folder());
      FileSystem files = folder.getFileSystem(hadoop);
      return new WardrobeWriter(config, files, files.makeQualified(folder), progress).write();
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot draw the wardrobe into %s: %s. Check that the folder can be written and has room,"
              + " then run the same command again.",
          config.folder(),
          e);
    }
  }

  private WardrobeReport write() throws IOException {
    Path finished = new Path(folder, FINISHED);
    // With both markers there, the last one was being written when the process ended.
    boolean growing = false;
    if (files.exists(finished) && !files.exists(new Path(folder, UNFINISHED))) {
      Marker there = readMarker(finished);
      growing = grows(there.settings());
      if (!growing) {
        return new WardrobeReport(false, folder.toString(), contentsOf(there));
      }
    }
    FashionPlan fashion = new FashionPlan(config);
    CircoPlan circo = new CircoPlan(config);
    // Planned to the end before the folder is touched: settings that cannot be met leave no trace.
    List<FashionPlan.Part> parts = fashion.parts();
    List<CircoPlan.Query> queries = circo.queries();
    Contents contents = contents(fashion, parts, queries);
    begin(growing, new Marker(settings(), contents));
    AnnotationWriter annotations = new AnnotationWriter(files, folder, config);
    for (FashionPlan.Part part : parts) {
      annotations.writeSplit(fashion, part);
      annotations.writeTriplets(fashion, part);
    }
    annotations.writeDescriptions(fashion);
    annotations.writeQueries(circo, queries);
    drawImages(fashion, circo);
    writeMarker(finished, new Marker(settings(), contents));
    files.delete(new Path(folder, UNFINISHED), false);
    return new WardrobeReport(true, folder.toString(), contents);
  }

  /** Whether there is the same wardrobe with less of it delivered. */
  private boolean grows(Map<String, Long> there) {
    Map<String, Long> asked = new TreeMap<>(settings());
    long percent = asked.remove(DELIVERED);
    Map<String, Long> others = new TreeMap<>(there);
    Long before = others.remove(DELIVERED);
    return others.equals(asked) && before != null && before < percent;
  }

  private Contents contentsOf(Marker marker) {
    if (!marker.settings().equals(settings())) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot draw the wardrobe into %s: another wardrobe is there, drawn with %s. Set"
              + " wardrobe.folder to another folder, or delete this one.",
          folder,
          difference(marker.settings()));
    }
    return marker.contents();
  }

  /** Makes sure that the folder is ours and marks it as unfinished. */
  private void begin(boolean growing, Marker marker) throws IOException {
    Path unfinished = new Path(folder, UNFINISHED);
    if (files.exists(unfinished)) {
      // The rest of an interrupted run. Files of other settings would mix with the new ones.
      if (!isSame(unfinished, marker)) {
        for (String name : OURS) {
          files.delete(new Path(folder, name), true);
        }
      }
    } else if (!growing && files.exists(folder) && files.listStatus(folder).length > 0) {
      FileStatus first = files.listStatus(folder)[0];
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot draw the wardrobe into %s: the folder holds files that are no wardrobe, such as"
              + " %s. Set wardrobe.folder to an empty or new folder.",
          folder,
          first.getPath().getName());
    }
    writeMarker(unfinished, marker);
    for (String name :
        List.of("captions", "image_splits", "images", "circo/annotations", "circo/images")) {
      files.mkdirs(new Path(folder, name));
    }
  }

  private boolean isSame(Path unfinished, Marker marker) throws IOException {
    try (InputStream in = files.open(unfinished)) {
      return JSON.readValue(in, Marker.class).equals(marker);
    } catch (JsonProcessingException | ChecksumException e) {
      return false; // cut short by the interruption: of unknown settings
    }
  }

  private void drawImages(FashionPlan fashion, CircoPlan circo) throws IOException {
    GarmentPainter painter = new GarmentPainter(config.imageSize());
    AtomicInteger next = new AtomicInteger();
    AtomicInteger done = new AtomicInteger();
    int threads = Runtime.getRuntime().availableProcessors();
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Future<Void>> workers = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        workers.add(
            pool.submit(
                () -> {
                  // Each worker takes the next number, so nothing queues up in memory.
                  for (int n = next.getAndIncrement();
                      n < config.allImages();
                      n = next.getAndIncrement()) {
                    draw(n, fashion, circo, painter);
                    synchronized (done) {
                      progress.accept(done.incrementAndGet());
                    }
                  }
                  return null;
                }));
      }
      for (Future<Void> worker : workers) {
        join(worker);
      }
    } finally {
      next.set(config.allImages()); // after a failure the other workers stop, too
      pool.shutdown();
    }
  }

  private void draw(int number, FashionPlan fashion, CircoPlan circo, GarmentPainter painter)
      throws IOException {
    if (number < fashion.images()) {
      if (!fashion.delivered(number)) {
        return;
      }
      byte[] png = painter.paint(fashion.garment(number), Chance.PAINT.of(config.seed(), number));
      writeImage(new Path(folder, "images/" + fashion.id(number) + ".png"), png);
      return;
    }
    int hung = number - fashion.images();
    byte[] png = painter.paint(circo.garment(hung), Chance.CIRCO_PAINT.of(config.seed(), hung));
    writeImage(
        new Path(folder, String.format(Locale.ROOT, "circo/images/%012d.png", circo.id(hung))),
        png);
  }

  /**
   * Writes an image, unless it is there: another process may be drawing the same wardrobe, and its
   * readers shall not find a file cut short. Equal length means equal bytes, because nobody else
   * writes here and settings decide over the bytes.
   */
  private void writeImage(Path path, byte[] png) throws IOException {
    if (lengthOf(path) == png.length) {
      return;
    }
    if (files instanceof LocalFileSystem local) {
      // Hadoop starts two processes (chmod) for every local file: four times the cost of drawing.
      Files.write(local.pathToFile(path).toPath(), png);
      return;
    }
    try (OutputStream out = files.create(path, true)) {
      out.write(png);
    }
  }

  private long lengthOf(Path path) throws IOException {
    try {
      return files.getFileStatus(path).getLen();
    } catch (FileNotFoundException e) {
      return -1;
    }
  }

  private static void join(Future<Void> worker) throws IOException {
    try {
      worker.get();
    } catch (ExecutionException e) {
      throw new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while drawing", e);
    }
  }

  private Contents contents(
      FashionPlan fashion, List<FashionPlan.Part> parts, List<CircoPlan.Query> queries) {
    double groundTruths =
        queries.stream()
            .limit(config.circoValQueries())
            .mapToInt(query -> query.groundTruths().size())
            .average()
            .orElse(0);
    long images = IntStream.range(0, fashion.images()).filter(fashion::delivered).count();
    long train =
        parts.stream()
            .filter(part -> part.split() == Split.TRAIN)
            .flatMap(part -> part.pairs().stream())
            .filter(fashion::delivered)
            .count();
    double twins =
        parts.stream()
            .filter(part -> part.split() == Split.VAL)
            .mapToDouble(part -> fashion.twins(part) * part.pairs().size() / config.valTriplets())
            .sum();
    return new Contents(
        (int) images,
        (int) train,
        config.valTriplets(),
        config.testTriplets(),
        config.circoImages(),
        config.circoValQueries(),
        config.circoTestQueries(),
        twins,
        groundTruths);
  }

  /** All that decides over the bytes: not the folder, so that a wardrobe can be moved. */
  private Map<String, Long> settings() {
    Map<String, Long> settings = new TreeMap<>();
    settings.put("format", (long) FORMAT);
    settings.put("image-size", (long) config.imageSize());
    settings.put("images", (long) config.images());
    settings.put("train-triplets", (long) config.trainTriplets());
    settings.put("val-triplets", (long) config.valTriplets());
    settings.put("test-triplets", (long) config.testTriplets());
    settings.put("circo-val-queries", (long) config.circoValQueries());
    settings.put("circo-test-queries", (long) config.circoTestQueries());
    settings.put(DELIVERED, (long) config.deliveredPercent());
    settings.put("seed", config.seed());
    return settings;
  }

  private String difference(Map<String, Long> there) {
    Map<String, Long> asked = settings();
    return asked.keySet().stream()
        .filter(key -> !asked.get(key).equals(there.get(key)))
        .map(key -> key + " " + there.get(key) + " instead of " + asked.get(key))
        .collect(Collectors.joining(", "));
  }

  private Marker readMarker(Path path) throws IOException {
    try (InputStream in = files.open(path)) {
      Marker marker = JSON.readValue(in, Marker.class);
      // Wardrobes of before there were deliveries are whole.
      Map<String, Long> settings = new TreeMap<>(Map.of(DELIVERED, 100L));
      settings.putAll(marker.settings());
      return new Marker(settings, marker.contents());
    } catch (JsonProcessingException e) {
      throw new WeftException(
          e,
          ExitCode.CONFIG,
          "Cannot tell which wardrobe lies in %s: its %s is not what Weft wrote. Set"
              + " wardrobe.folder to another folder, or delete this one.",
          folder,
          path.getName());
    }
  }

  private void writeMarker(Path path, Marker marker) throws IOException {
    try (OutputStream out = files.create(path, true)) {
      JSON.writerWithDefaultPrettyPrinter().writeValue(out, marker);
    }
  }
}
