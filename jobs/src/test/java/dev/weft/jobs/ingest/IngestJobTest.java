package dev.weft.jobs.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Settings;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Progress;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.store.Table;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IngestJobTest {
  private static final Path REAL = Path.of("..", "..", "shared", "data");

  @TempDir private Path folder;

  private Session session(String... pairs) {
    Settings settings =
        PipelineConfig.defaults()
            .overriddenBy(
                Settings.ofPairs(
                    List.of(
                        "root=" + folder.resolve("runs"),
                        "ingest.shards=2",
                        "wardrobe.images=180",
                        "wardrobe.train-triplets=60",
                        "wardrobe.val-triplets=30",
                        "wardrobe.test-triplets=3",
                        "wardrobe.circo-val-queries=4",
                        "wardrobe.circo-test-queries=2",
                        "ingest.datasets=[{name: wardrobe, layout: fashioniq, annotations:"
                            + " '${wardrobe.folder}', images: '${wardrobe.folder}/images',"
                            + " descriptions: '${wardrobe.folder}/descriptions.jsonl'}]")))
            .overriddenBy(Settings.ofPairs(List.of(pairs)));
    return new Session(
        LocalSpark.session(),
        PipelineConfig.bind(settings, "test"),
        settings,
        new Session.Options(
            false,
            new Progress(
                new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8),
                false,
                System::nanoTime),
            Clock.systemUTC()));
  }

  private Path anImage() throws IOException {
    try (Stream<Path> images = Files.list(folder.resolve("runs/wardrobe/images"))) {
      return images.filter(path -> path.toString().endsWith(".png")).sorted().findFirst().get();
    }
  }

  private static List<Row> rows(StageResult result, Table table) {
    return table.read(LocalSpark.session(), result.snapshot().orElseThrow()).collectAsList();
  }

  @Test
  void aDrawnWardrobeIsReadWholeAndOnlyOnce() {
    Session session = session();
    WardrobeJob.run(session);

    StageResult first = IngestJob.run(session);

    assertThat(first.status()).isEqualTo(StageResult.DONE);
    assertThat(first.figures())
        .containsEntry("images", 180)
        .containsEntry("triplets", 93)
        .containsEntry("bad_rows", 0)
        .containsEntry("bad_images", 0);
    assertThat(rows(first, Table.IMAGES))
        .hasSize(180)
        .allMatch(row -> row.<Integer>getAs("width") == 64)
        .allMatch(row -> row.<String>getAs("description") != null);
    assertThat(rows(first, Table.TRIPLETS).stream().map(TripletRows::triplet).map(Triplet::split))
        .containsOnly("train", "val", "test");
    assertThat(IngestJob.run(session).status()).isEqualTo(StageResult.UP_TO_DATE);
  }

  @Test
  void anUnusableImageTakesItsTripletsAndCandidatesAlong() throws IOException {
    Session session = session("ingest.max-bad-fraction=0.5");
    WardrobeJob.run(session);
    Path image = anImage();
    String id = image.getFileName().toString().replace(".png", "");
    Files.write(image, new byte[] {1, 2, 3});

    StageResult result = IngestJob.run(session);

    assertThat(result.figures()).containsEntry("bad_images", 1).containsEntry("images", 179);
    assertThat(rows(result, Table.GALLERIES)).noneMatch(row -> row.getAs("image").equals(id));
    assertThat(rows(result, Table.TRIPLETS).stream().map(TripletRows::triplet))
        .noneMatch(triplet -> triplet.reference().equals(id))
        .noneMatch(triplet -> triplet.groundTruths().contains(id));
    assertThat(rows(result, Table.QUARANTINE))
        .anyMatch(
            row ->
                row.getAs("reason").equals("corrupt-image")
                    && row.<String>getAs("file").endsWith(id + ".png"));
  }

  @Test
  void tooManyBadImagesStopTheStageAndPublishNothing() throws IOException {
    Session session = session("ingest.max-bad-fraction=0.001");
    WardrobeJob.run(session);
    Files.write(anImage(), new byte[0]);

    assertThatThrownBy(() -> IngestJob.run(session))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_ROWS))
        .hasMessageContaining("Cannot ingest wardrobe: 1 of 180 images are bad")
        .hasMessageContaining("empty-image");
    assertThat(session.artefact("ingest").latest()).isEmpty();
  }

  @Test
  void aMissingDataSetIsNamed() {
    assertThatThrownBy(() -> IngestJob.run(session()))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageContaining("Cannot read a data set: there is no file or folder")
        .hasMessageContaining("scripts/weft wardrobe");
  }

  @Test
  void noDataSetAtAllIsAProblemOfTheConfiguration() {
    assertThatThrownBy(() -> IngestJob.run(session("ingest.datasets=[]")))
        .hasMessageContaining("ingest.datasets must name at least one data set");
  }

  @Test
  void theRealAnnotationsHaveTheirPublishedCounts() {
    assumeThat(REAL).as("the real annotation files").isDirectory();
    Session session =
        session(
            "ingest.images=none",
            "ingest.datasets=[{name: fashioniq, layout: fashioniq, annotations: "
                + REAL.resolve("fashioniq")
                + ", images: '', descriptions: ''}, {name: circo, layout: circo, annotations: "
                + REAL.resolve("circo/annotations")
                + ", images: '', descriptions: ''}]");

    StageResult result = IngestJob.run(session);

    assertThat(result.figures()).containsEntry("triplets", 18_000 + 6_016 + 6_118 + 220 + 800);
    assertThat(result.figures().get("cohorts"))
        .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(Map.class))
        .allMatch(cohort -> cohort.get("degraded").equals(true))
        .first()
        .extracting(cohort -> cohort.get("reasons"))
        .isEqualTo(List.of("annotation-only: no image was read"));
    assertThat(Table.TRIPLETS.read(LocalSpark.session(), result.snapshot().get()).count())
        .isEqualTo(31_154);
  }
}
