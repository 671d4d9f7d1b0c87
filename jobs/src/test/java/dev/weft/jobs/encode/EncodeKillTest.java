package dev.weft.jobs.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyPipeline;
import dev.weft.jobs.TinyWardrobe;
import dev.weft.jobs.WeftCommand;
import dev.weft.jobs.align.AlignJob;
import dev.weft.jobs.cluster.ServerProcess;
import dev.weft.jobs.store.Table;
import dev.weft.store.Artefact;
import dev.weft.store.FileEntry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An encode that does not end: killed with no chance to clean up, or failed. */
class EncodeKillTest {
  private static final int IMAGES = 180;

  /** Tasks, and so shards, of two images. */
  private static final String SHARDS = "encode.partitions=90";

  @TempDir private Path folder;

  private static Map<String, String> vectors(StageResult result) {
    Map<String, String> vectors = new TreeMap<>();
    Table.IMAGE_EMBEDDINGS
        .read(LocalSpark.session(), result.snapshot().orElseThrow())
        .collectAsList()
        .forEach(
            row ->
                vectors.put(
                    row.getAs("id"), HexFormat.of().formatHex(row.<byte[]>getAs("vector"))));
    return vectors;
  }

  @Test
  void whatAKilledRunHadEncodedIsNotEncodedAgain() throws IOException {
    AlignJob.run(TinyWardrobe.session());
    StageResult undisturbed = EncodeJob.run(TinyWardrobe.forced());
    Path root = aligned();
    Session session = TinyWardrobe.sessionOn(root, SHARDS);
    Artefact shards = session.artefact("encode/shards");

    killAfterShards(shards, root);

    assertThat(session.artefact("encode").latest()).isEmpty();
    long done = images(shards);
    assertThat(done).isPositive();
    assertThat(shardsBefore(lastButOne(shards, root), root)).isSubsetOf(published(shards));
    StageResult resumed = EncodeJob.run(session);
    assertThat(resumed.figures()).containsEntry("images_encoded", (int) (IMAGES - done));
    assertThat(vectors(resumed)).isEqualTo(vectors(undisturbed));
    assertThat(shards.require().manifest().files()).isEmpty();
  }

  @Test
  void whatTasksHadEncodedBeforeOneFailedIsNotEncodedAgain() throws IOException {
    AlignJob.run(TinyWardrobe.session());
    Session session = TinyWardrobe.sessionOn(aligned(), SHARDS);
    Artefact shards = session.artefact("encode/shards");
    Path image = anImage();
    Path away = image.resolveSibling("away");
    Files.move(image, away);
    try {
      assertThatThrownBy(() -> EncodeJob.run(session)).hasMessageContaining("now it is gone");
    } finally {
      Files.move(away, image);
    }

    long done = images(shards);

    assertThat(done).isBetween(1L, IMAGES - 2L);
    assertThat(EncodeJob.run(session).figures())
        .containsEntry("images_encoded", (int) (IMAGES - done));
  }

  private static Path anImage() throws IOException {
    try (Stream<Path> images = Files.list(TinyWardrobe.folder().resolve("images"))) {
      return images.filter(path -> path.toString().endsWith(".png")).sorted().findFirst().get();
    }
  }

  /** A root of its own, as far as encode needs it. */
  private Path aligned() throws IOException {
    Path root = folder.resolve("runs");
    TinyPipeline.copy(TinyWardrobe.root().resolve("ingest"), root.resolve("ingest"));
    TinyPipeline.copy(TinyWardrobe.root().resolve("align"), root.resolve("align"));
    return root;
  }

  private static long images(Artefact shards) {
    return shards.require().manifest().files().stream()
        .filter(file -> file.table().equals("image_vectors"))
        .mapToLong(FileEntry::rows)
        .sum();
  }

  /** When the last publication but one was made: all that was written then is in the last one. */
  private static FileTime lastButOne(Artefact shards, Path root) throws IOException {
    String manifest = String.format(Locale.ROOT, "%020d.json", shards.require().version() - 1);
    return Files.getLastModifiedTime(root.resolve("encode/shards/_versions").resolve(manifest));
  }

  private static Set<String> shardsBefore(FileTime time, Path root) throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.walk(root.resolve("encode/shards/data"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".parquet")).toList()) {
        if (Files.getLastModifiedTime(file).compareTo(time) < 0) {
          names.add(file.getFileName().toString());
        }
      }
    }
    assertThat(names).isNotEmpty();
    return names;
  }

  private static Set<String> published(Artefact shards) {
    return shards.require().manifest().files().stream()
        .map(file -> file.path().substring(file.path().lastIndexOf('/') + 1))
        .collect(Collectors.toSet());
  }

  private void killAfterShards(Artefact shards, Path root) {
    ServerProcess process =
        new WeftCommand(WeftCommand.LOCAL, "encode", root, List.of(SHARDS)).start(folder);
    try {
      process.await("shards are there", () -> shards.versionNumbers().size() > 2);
    } finally {
      process.kill();
    }
  }
}
