package dev.weft.jobs;

import dev.weft.jobs.align.AlignJob;
import dev.weft.jobs.encode.EncodeJob;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.jobs.train.TrainJob;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.FileUtil;

/**
 * The tiny wardrobe, in FashionIQ's and CIRCO's layout, taken through ingest, align, encode and
 * train once for all tests of the stages after them.
 */
public final class TinyPipeline {
  private static final Path ROOT = temporary();

  private TinyPipeline() {}

  /** The root that the tests share: they only add versions of evaluate, index and search. */
  public static Path root() {
    return ROOT;
  }

  /** A session on the shared root, where train is done. */
  public static Session session(String... pairs) {
    Trained.ensure();
    return open(ROOT, pairs);
  }

  /** A session on a root of its own with a copy of everything up to train. */
  public static Session sessionOn(Path root, String... pairs) {
    Trained.ensure();
    try {
      for (String artefact : List.of("ingest", "align", "encode", "train")) {
        copy(ROOT.resolve(artefact), root.resolve(artefact));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return open(root, pairs);
  }

  /** A session on a root that {@link #sessionOn} filled. */
  public static Session sessionAgain(Path root, String... pairs) {
    return open(root, pairs);
  }

  /** Copies a folder with all that is in it. */
  public static void copy(Path from, Path to) throws IOException {
    try (var files = Files.walk(from)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(from.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    }
  }

  private static Session open(Path root, String... pairs) {
    List<String> all =
        new ArrayList<>(
            List.of(
                "train.heads=[sum, gated]",
                "ingest.datasets=[{name: wardrobe, layout: fashioniq, annotations:"
                    + " '${wardrobe.folder}', images: '${wardrobe.folder}/images',"
                    + " descriptions: '${wardrobe.folder}/descriptions.jsonl'}, {name:"
                    + " wardrobe-circo, layout: circo, annotations:"
                    + " '${wardrobe.folder}/circo/annotations', images:"
                    + " '${wardrobe.folder}/circo/images', descriptions: ''}]"));
    all.addAll(Arrays.asList(pairs));
    return TinyWardrobe.sessionOn(root, all.toArray(String[]::new));
  }

  /** Initialised by the class loader, once and under its lock. */
  private static final class Trained {
    private static final boolean DONE = train();

    private static boolean train() {
      Session session = open(ROOT);
      IngestJob.run(session);
      AlignJob.run(session);
      EncodeJob.run(session);
      TrainJob.run(session);
      return true;
    }

    static void ensure() {
      if (!DONE) {
        throw new IllegalStateException("unreachable: training fails or is done");
      }
    }
  }

  private static Path temporary() {
    try {
      Path folder = Files.createTempDirectory("tiny-pipeline");
      Runtime.getRuntime().addShutdownHook(new Thread(() -> FileUtil.fullyDelete(folder.toFile())));
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
