package dev.weft.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyWardrobe;
import dev.weft.jobs.store.Table;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder with every kind of file: the job ends, and each bad one has its reason. */
class MessyFolderTest {
  private static final Path GOLDEN = Path.of("../common/src/test/resources/golden/images");

  @TempDir private Path folder;

  private void write(String name, byte[] content) throws IOException {
    Files.write(folder.resolve("images").resolve(name), content);
  }

  @Test
  void badFilesAreQuarantinedAndStopNothing() throws IOException {
    Path images = Files.createDirectories(folder.resolve("images"));
    List<Path> golden;
    try (Stream<Path> files = Files.list(GOLDEN)) {
      golden = files.filter(file -> !file.toString().endsWith(".json")).sorted().toList();
    }
    for (Path file : golden) { // several share a stem, which is their id
      Files.copy(
          file, images.resolve(file.getFileName().toString().replaceFirst("[.](.*)", "-$1.$1")));
    }
    byte[] jpeg = Files.readAllBytes(GOLDEN.resolve("gray.jpg"));
    write("empty.jpg", new byte[0]);
    write("page.jpg", "<!DOCTYPE html><title>404".getBytes(StandardCharsets.UTF_8));
    write("cut.jpg", Arrays.copyOf(jpeg, jpeg.length / 2));
    write("large.jpg", Arrays.copyOf(jpeg, 200_000));
    Files.createSymbolicLink(images.resolve("link.jpg"), GOLDEN.toRealPath().resolve("gray.jpg"));
    Files.createDirectories(folder.resolve("annotations"));
    List<String> names;
    try (Stream<Path> files = Files.list(images)) {
      names = files.map(file -> file.getFileName().toString()).sorted().toList();
    }
    StringBuilder gallery = new StringBuilder();
    for (String name : names) {
      gallery.append("{\"image\": \"").append(name).append("\"}\n");
    }
    gallery.append("{\"image\": \"gone.jpg\"}\n");
    Files.writeString(folder.resolve("annotations/gallery.val.jsonl"), gallery);
    Files.writeString(
        folder.resolve("annotations/triplets.jsonl"),
        """
        {"split": "val", "reference": "gray-jpg", "text": "in colour", "target": "palette-png"}
        {"split": "val", "reference": "../../../etc/passwd", "text": "in colour", "target": "gray-png"}
        """);

    StageResult result = IngestJob.run(session());

    assertThat(result.status()).isEqualTo(StageResult.DONE);
    Map<String, String> reasons = new TreeMap<>();
    Table.QUARANTINE
        .read(LocalSpark.session(), result.snapshot().orElseThrow())
        .collectAsList()
        .forEach(
            row ->
                reasons.put(
                    row.<String>getAs("file").replaceFirst(".*/", "") + row.getAs("place"),
                    row.getAs("reason")));
    assertThat(reasons)
        .containsAllEntriesOf(
            Map.of(
                "empty.jpg", "empty-image",
                "page.jpg", "corrupt-image",
                "cut.jpg", "corrupt-image",
                "large.jpg", "too-large-image",
                "link.jpg", "unsafe-id",
                "gone.jpg", "missing-image",
                "picture-avif.avif", "unsupported-image",
                "twelve-bits-jpg.jpg", "unsupported-image",
                "triplets.jsonlline 2", "unsafe-id"));
    assertThat(result.figures()).containsEntry("triplets", 1);
  }

  private Session session() {
    return TinyWardrobe.sessionOn(
        folder.resolve("runs"),
        "ingest.max-bad-fraction=0.5",
        "ingest.max-image-bytes=100000",
        "ingest.datasets=[{name: messy, layout: jsonl, annotations: '"
            + folder.resolve("annotations")
            + "', images: '"
            + folder.resolve("images")
            + "', descriptions: ''}]");
  }
}
