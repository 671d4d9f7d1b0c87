package dev.weft.jobs.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyWardrobe;
import dev.weft.jobs.align.AlignJob;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.jobs.ingest.TripletRows;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EncodeJobTest {
  private static final int IMAGES = 180;
  private static final int TRIPLETS = 93;

  private static StageResult encode(Session session) {
    AlignJob.run(session);
    return EncodeJob.run(session);
  }

  private static List<Row> rows(StageResult result, Table table) {
    return rows(result.snapshot().orElseThrow(), table);
  }

  private static List<Row> rows(Snapshot snapshot, Table table) {
    return table.read(LocalSpark.session(), snapshot).collectAsList();
  }

  /** All vectors as text, by what they are of. */
  private static Map<String, String> vectors(StageResult result) {
    Map<String, String> vectors = new TreeMap<>();
    for (Row row : rows(result, Table.IMAGE_EMBEDDINGS)) {
      vectors.put(
          row.getAs("dataset") + "/" + row.getAs("category") + "/" + row.getAs("id"), hex(row));
    }
    for (Row row : rows(result, Table.TEXT_EMBEDDINGS)) {
      vectors.put(row.getAs("text"), hex(row));
    }
    return vectors;
  }

  private static String hex(Row row) {
    return HexFormat.of().formatHex(row.<byte[]>getAs("vector"));
  }

  @Test
  void everyImageAndTextHasAUnitVectorOfTheEncoderThatTheFactsName() {
    Session session = TinyWardrobe.session();
    StageResult result = encode(session);
    Snapshot align = session.artefact("align").require();
    Snapshot ingest = session.artefact("ingest").require();

    assertThat(result.figures())
        .containsEntry("encoder", align.manifest().facts().get("encoder"))
        .containsEntry("dimension", 32)
        .containsEntry("images", IMAGES)
        .containsEntry("texts", rows(result, Table.TEXT_EMBEDDINGS).size());
    assertThat(rows(result, Table.IMAGE_EMBEDDINGS).stream().map(row -> row.getAs("id")))
        .containsExactlyInAnyOrderElementsOf(
            rows(ingest, Table.IMAGES).stream().map(row -> row.getAs("id")).toList());
    assertThat(rows(result, Table.TEXT_EMBEDDINGS).stream().map(row -> row.<String>getAs("text")))
        .doesNotHaveDuplicates()
        .contains(firstText(ingest));
    Stream.of(Table.IMAGE_EMBEDDINGS, Table.TEXT_EMBEDDINGS)
        .flatMap(table -> rows(result, table).stream())
        .map(row -> VectorBytes.decode(row.getAs("vector")))
        .forEach(
            vector -> {
              double squares = 0;
              for (float value : vector) {
                squares += value * value;
              }
              assertThat(vector).hasSize(32);
              assertThat(squares).isCloseTo(1, within(1e-5));
            });
    assertThat(EncodeJob.run(session).status()).isEqualTo(StageResult.UP_TO_DATE);
  }

  /** The two captions of a triplet of the wardrobe, as evaluation joins them. */
  private static String firstText(Snapshot ingest) {
    List<String> captions =
        rows(ingest, Table.TRIPLETS).stream()
            .map(TripletRows::triplet)
            .findFirst()
            .orElseThrow()
            .captions();
    String joined = String.join(" and ", captions);
    return Character.toUpperCase(joined.charAt(0)) + joined.substring(1);
  }

  @Test
  void theNumberOfTasksChangesNoVector() {
    Session one = TinyWardrobe.forced("encode.partitions=1");
    AlignJob.run(TinyWardrobe.session());
    StageResult first = EncodeJob.run(one);
    StageResult second =
        EncodeJob.run(TinyWardrobe.forced("encode.partitions=5", "encode.batch-size=7"));

    assertThat(vectors(second)).isEqualTo(vectors(first));
    assertThat(first.snapshot().orElseThrow().files("image_embeddings")).hasSize(1);
    assertThat(second.snapshot().orElseThrow().files("image_embeddings")).hasSize(5);
    assertThat(second.figures()).containsEntry("images_encoded", IMAGES);
  }

  @Test
  void rowsOfAFileAreInTheOrderOfTheirKeys() {
    Snapshot snapshot = encode(TinyWardrobe.session()).snapshot().orElseThrow();

    for (Row file : inFiles(snapshot, Table.IMAGE_EMBEDDINGS, "concat(category, '/', id)")) {
      assertThat(file.<String>getList(0)).isNotEmpty().isSorted();
    }
    for (Row file : inFiles(snapshot, Table.TEXT_EMBEDDINGS, "text")) {
      assertThat(file.<String>getList(0)).isNotEmpty().isSorted();
    }
  }

  /** The keys of each file, as they lie in it. */
  private static List<Row> inFiles(Snapshot snapshot, Table table, String key) {
    return snapshot.files(table.name()).stream()
        .map(
            file ->
                LocalSpark.session()
                    .read()
                    .parquet(file.toString())
                    .coalesce(1)
                    .selectExpr("collect_list(" + key + ")")
                    .first())
        .toList();
  }

  @Test
  void onlyNewImagesAndTextsAreEncoded(@TempDir Path root) {
    Session before = TinyWardrobe.sessionOn(root);
    IngestJob.run(before);
    StageResult first = encode(before);
    Session after = TinyWardrobe.sessionOn(root, withCirco("more"));
    IngestJob.run(after);

    StageResult second = encode(after); // trained on the same rows, so the same encoder

    int texts = (int) first.figures().get("texts");
    assertThat(first.figures())
        .containsEntry("images_encoded", IMAGES)
        .containsEntry("texts_encoded", texts);
    assertThat(second.figures())
        .containsEntry("encoder", first.figures().get("encoder"))
        .containsEntry("images", IMAGES + 60)
        .containsEntry("images_encoded", 60)
        .containsEntry("texts_encoded", (int) second.figures().get("texts") - texts);
    assertThat(vectors(second)).containsAllEntriesOf(vectors(first));

    // What the newest version lacks is taken from an older one.
    IngestJob.run(before);
    assertThat(encode(before).figures()).containsEntry("images", IMAGES);
    Session later = TinyWardrobe.sessionOn(root, withCirco("later"));
    IngestJob.run(later);
    StageResult fourth = encode(later);
    assertThat(fourth.figures())
        .containsEntry("images", IMAGES + 60)
        .containsEntry("images_encoded", 0)
        .containsEntry("texts_encoded", 0);
    assertThat(vectors(fourth).values())
        .containsExactlyInAnyOrderElementsOf(vectors(second).values());
  }

  /** The wardrobe, and its images in CIRCO's layout as a data set of another name. */
  private static String withCirco(String name) {
    return "ingest.datasets=[{name: wardrobe, layout: fashioniq, annotations: '${wardrobe.folder}',"
        + " images: '${wardrobe.folder}/images', descriptions:"
        + " '${wardrobe.folder}/descriptions.jsonl'}, {name: "
        + name
        + ", layout: circo, annotations: '${wardrobe.folder}/circo/annotations', images:"
        + " '${wardrobe.folder}/circo/images'}]";
  }

  @Test
  void moreFormsOfTheCaptionsAreEncodedForEverySplit() {
    StageResult one = encode(TinyWardrobe.session());
    StageResult two =
        encode(
            TinyWardrobe.session(
                "encode.caption-forms=[first-and-second, second-and-first, first]"));

    int added = (int) two.figures().get("texts") - (int) one.figures().get("texts");
    assertThat(added).isBetween(3 * TRIPLETS / 2, 2 * TRIPLETS); // some texts come twice
    assertThat(two.figures())
        .containsEntry("images_encoded", 0)
        .containsEntry("texts_encoded", added);
    assertThat((int) one.figures().get("texts")).isLessThanOrEqualTo(TRIPLETS);
  }

  @Test
  void anImageThatVanishedSinceIngestIsNamed() throws IOException {
    AlignJob.run(TinyWardrobe.session());
    Path image = anImage();
    Path away = image.resolveSibling("away");
    Files.move(image, away);
    try {
      assertThatThrownBy(() -> EncodeJob.run(TinyWardrobe.forced()))
          .satisfies(
              thrown -> {
                WeftException plain = ExceptionUtils.throwableOfType(thrown, WeftException.class);
                assertThat(plain.exitCode()).isEqualTo(ExitCode.INPUT_MISSING);
                assertThat(plain)
                    .hasMessageContaining("Cannot read the image wardrobe/")
                    .hasMessageContaining(
                        image + " was good when ingest read it, and now it is gone")
                    .hasMessageContaining("scripts/weft ingest");
              });
    } finally {
      Files.move(away, image);
    }
  }

  private static Path anImage() throws IOException {
    try (Stream<Path> images = Files.list(TinyWardrobe.folder().resolve("images"))) {
      return images.filter(path -> path.toString().endsWith(".png")).sorted().findFirst().get();
    }
  }

  @Test
  void aModelFolderThatIsNotThereIsNamed() {
    assertThatThrownBy(
            () -> EncodeJob.run(TinyWardrobe.session("encode.model=/models/fashionclip")))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageContaining("Cannot use the model in file:/models/fashionclip")
        .hasMessageContaining("docs/encoders.md");
  }
}
