package dev.weft.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyWardrobe;
import dev.weft.jobs.encode.EncodeJob;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The wardrobe's images packed into tar archives. */
class TarShardsTest {
  private static final int SHARDS = 3;

  @TempDir private Path folder;

  private void pack() throws IOException {
    TinyWardrobe.session(); // draws the wardrobe
    List<Path> images;
    try (Stream<Path> listed = Files.list(TinyWardrobe.folder().resolve("images"))) {
      images = listed.sorted().toList();
    }
    Files.createDirectories(folder.resolve("shards"));
    for (int shard = 0; shard < SHARDS; shard++) {
      Path file = folder.resolve("shards").resolve("wardrobe-" + shard + ".tar");
      try (OutputStream out = Files.newOutputStream(file);
          TarArchiveOutputStream tar = new TarArchiveOutputStream(out)) {
        for (int i = shard; i < images.size(); i += SHARDS) {
          Path image = images.get(i);
          tar.putArchiveEntry(
              tar.createArchiveEntry(image.toFile(), image.getFileName().toString()));
          Files.copy(image, tar);
          tar.closeArchiveEntry();
        }
      }
    }
  }

  private Session session(String images, String... more) {
    String data =
        "ingest.datasets=[{name: wardrobe, layout: fashioniq, annotations: '${wardrobe.folder}',"
            + " images: '"
            + images
            + "', descriptions: '${wardrobe.folder}/descriptions.jsonl'}]";
    return TinyWardrobe.sessionOn(
        folder.resolve("runs"),
        Stream.concat(Stream.of(data), Stream.of(more)).toArray(String[]::new));
  }

  /** All that is known of each image, but where it is. */
  private static Map<String, String> images(Snapshot snapshot) {
    Map<String, String> images = new TreeMap<>();
    Table.IMAGES
        .read(LocalSpark.session(), snapshot)
        .drop("location")
        .collectAsList()
        .forEach(
            row -> images.put(row.getAs("category") + "/" + row.getAs("id"), row.mkString(" ")));
    return images;
  }

  @Test
  void imagesInArchivesAreWhatTheyAreAsFiles() throws IOException {
    pack();
    String model =
        "encode.model="
            + Path.of("../common/src/test/resources/golden/clip").toAbsolutePath().normalize();
    Session files = session("${wardrobe.folder}/images", model);
    StageResult plain = IngestJob.run(files);
    StageResult encoded = EncodeJob.run(files);
    Session archives = session(folder.resolve("shards").toString(), model);

    StageResult packed = IngestJob.run(archives);

    assertThat(images(packed.snapshot().orElseThrow()))
        .isEqualTo(images(plain.snapshot().orElseThrow()))
        .hasSize(180);
    assertThat(
            Table.IMAGES
                .read(LocalSpark.session(), packed.snapshot().orElseThrow())
                .filter("location not like '%/shards/wardrobe-_.tar#%'")
                .count())
        .isZero();
    assertThat(encoded.figures()).containsEntry("images_encoded", 180);
    assertThat(EncodeJob.run(archives).figures())
        .containsEntry("images", 180)
        .containsEntry("images_encoded", 0); // known by their content
    Session again = session(folder.resolve("shards").toString(), model, "encode.pad=square");
    assertThat(EncodeJob.run(again).figures()).containsEntry("images_encoded", 180); // read anew
    assertThat(IngestJob.run(archives).status()).isEqualTo(StageResult.UP_TO_DATE);
  }

  @Test
  void anImageThatNoArchiveHoldsIsMissing() throws IOException {
    pack();
    Files.delete(folder.resolve("shards/wardrobe-2.tar"));

    assertThatThrownBy(() -> IngestJob.run(session(folder.resolve("shards").toString())))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_ROWS))
        .hasMessageContaining("missing-image")
        .hasMessageContaining("no archive has a member ");
  }
}
