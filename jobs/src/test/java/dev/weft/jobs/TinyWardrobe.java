package dev.weft.jobs;

import dev.weft.config.Settings;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.jobs.ingest.WardrobeJob;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import org.apache.hadoop.fs.FileUtil;

/**
 * A wardrobe of 180 images, drawn and ingested once for all tests of this module, and encoders and
 * heads so small that a stage takes seconds. Numbers measured on it mean nothing.
 */
public final class TinyWardrobe {
  private static final Path FOLDER = temporary();

  private TinyWardrobe() {}

  /**
   * The root that all tests share; the newest version of a stage is that of whichever test ran it.
   */
  public static Path root() {
    return FOLDER.resolve("runs");
  }

  /** Where the wardrobe is drawn. */
  public static Path folder() {
    return FOLDER.resolve("wardrobe");
  }

  /** A session on the shared root, where ingest is done. */
  public static Session session(String... pairs) {
    Ingested.run();
    return open(root(), false, List.of(pairs));
  }

  /** As above, with {@code --force}. */
  public static Session forced(String... pairs) {
    Ingested.run();
    return open(root(), true, List.of(pairs));
  }

  /** A session on a root of its own, where nothing is done, on the wardrobe that all share. */
  public static Session sessionOn(Path root, String... pairs) {
    Ingested.run();
    return open(root, false, List.of(pairs));
  }

  /** The settings of a session on a root, for a process of its own. */
  public static List<String> pairs(Path root) {
    return List.of(
        "root=" + root,
        "wardrobe.enabled=true",
        "wardrobe.folder=" + folder(),
        "wardrobe.images=180",
        "wardrobe.train-triplets=60",
        "wardrobe.val-triplets=30",
        "wardrobe.test-triplets=3",
        "wardrobe.circo-val-queries=4",
        "wardrobe.circo-test-queries=2",
        "ingest.shards=2",
        "ingest.datasets=[{name: wardrobe, layout: fashioniq, annotations:"
            + " '${wardrobe.folder}', images: '${wardrobe.folder}/images',"
            + " descriptions: '${wardrobe.folder}/descriptions.jsonl'}]",
        "align.epochs=2",
        "align.batch-size=32",
        "align.warmup-steps=2",
        "align.dimension=32",
        "align.patch-units=8",
        "align.hidden-units=32",
        "train.epochs=2",
        "train.batch-size=16",
        "train.warmup-steps=2");
  }

  private static Session open(Path root, boolean force, List<String> pairs) {
    Settings settings =
        PipelineConfig.defaults()
            .overriddenBy(Settings.ofPairs(pairs(root)))
            .overriddenBy(Settings.ofPairs(pairs));
    return new Session(
        LocalSpark.session(),
        PipelineConfig.bind(settings, "test"),
        settings,
        new Session.Options(
            force,
            new Progress(
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                false,
                System::nanoTime),
            Clock.systemUTC()));
  }

  /** Initialised by the class loader, once and under its lock. */
  private static final class Ingested {
    private static final StageResult RESULT = ingest();

    private static StageResult ingest() {
      Session session = open(root(), false, List.of());
      WardrobeJob.run(session);
      return IngestJob.run(session);
    }

    static StageResult run() {
      return RESULT;
    }
  }

  private static Path temporary() {
    try {
      Path folder = Files.createTempDirectory("tiny-wardrobe");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> FileUtil.fullyDelete(folder.toFile())));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
