package dev.weft.jobs.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.WeftException;
import dev.weft.index.IndexContract;
import dev.weft.index.IndexLayout;
import dev.weft.ingest.ImageKey;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyPipeline;
import dev.weft.jobs.evaluate.EvaluateJob;
import dev.weft.jobs.search.SearchJob;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IndexJobTest {
  private final SparkSession spark = LocalSpark.session();

  @TempDir private Path folder;

  private static Session evaluated(String... pairs) {
    Session session = TinyPipeline.session(pairs);
    EvaluateJob.score(session);
    return session;
  }

  @Test
  void plainSparkReadsTheVectorsWithoutOurClasses() {
    Session session = evaluated("index.files=3");

    Snapshot index = IndexJob.run(session).snapshot().orElseThrow();

    String[] files = index.files("index").stream().map(Object::toString).toArray(String[]::new);
    assertThat(files).hasSize(3);
    List<Row> rows = spark.read().parquet(files).collectAsList();
    long gallery =
        Table.GALLERIES
            .read(spark, session.artefact("ingest").require())
            .where("split = 'val'")
            .select("dataset", "category", "image")
            .distinct()
            .count();
    assertThat(rows).hasSize((int) gallery).hasSizeGreaterThan(50);
    for (Row row : rows) {
      ByteBuffer vector =
          ByteBuffer.wrap(row.<byte[]>getAs("vector")).order(ByteOrder.LITTLE_ENDIAN);
      assertThat(vector.remaining()).isEqualTo(4 * 32);
      double square = 0;
      while (vector.hasRemaining()) {
        float value = vector.getFloat();
        square += (double) value * value;
      }
      assertThat(square).isCloseTo(1, within(1e-5));
      assertThat(row.<String>getAs("location")).startsWith("file:").endsWith(".png");
    }
    assertThat(rows.stream().filter(row -> row.getAs("dataset").equals("wardrobe")))
        .allMatch(row -> row.getAs("description") != null);
    for (String file : files) {
      List<ImageKey> keys = new ArrayList<>();
      for (Row row : spark.read().parquet(file).collectAsList()) {
        keys.add(new ImageKey(row.getAs("dataset"), row.getAs("category"), row.getAs("id")));
      }
      assertThat(keys).isSorted();
    }
  }

  @Test
  void theManifestHoldsTheContract() {
    Session session = evaluated();

    StageResult result = IndexJob.run(session);

    Snapshot index = result.snapshot().orElseThrow();
    String encoder =
        (String) session.artefact("encode").require().manifest().facts().get("encoder");
    Object best = session.artefact("evaluate").require().manifest().facts().get("best_head");
    assertThat(IndexJob.contract(index))
        .isEqualTo(IndexContract.of(32, encoder, (String) best, index.rows("index")));
    assertThat(result.figures())
        .containsEntry("metric", "inner-product")
        .containsEntry("dimension", 32);
    assertThat(IndexJob.run(session).status()).isEqualTo(StageResult.UP_TO_DATE);
  }

  @Test
  void allGalleriesAreAllImagesWithAVector() {
    Session session = evaluated("index.galleries=all");

    Snapshot index = IndexJob.run(session).snapshot().orElseThrow();

    assertThat(index.rows("index"))
        .isEqualTo(session.artefact("encode").require().rows("image_embeddings"));
  }

  @Test
  void cellsAreTrainedAndTheirRecallIsMeasuredOnRealQueries() throws IOException {
    Session session = evaluated("index.kind=ivf", "index.cells=12", "index.recall=0.8");

    Snapshot index = IndexJob.run(session).snapshot().orElseThrow();

    IndexLayout layout = IndexLayout.of(index);
    assertThat(layout.cells()).isEqualTo(12);
    assertThat(layout.probes()).isBetween(1, 11);
    assertThat(layout.recall()).isBetween(0.8, 1.0);
    assertThat(layout.recallQueries()).isGreaterThan(10);
    assertThat(layout.recallSource()).startsWith("validation triplets composed by ");
    assertThat(index.rows("index")).isEqualTo(IndexJob.contract(index).count());
    for (Path file : files(index)) {
      List<Integer> cells =
          spark.read().parquet(file.toString()).collectAsList().stream()
              .map(row -> row.<Integer>getAs("cell"))
              .toList();
      assertThat(cells).isSorted();
    }
    Session again = evaluated("index.kind=ivf", "index.cells=12", "index.recall=0.8");
    List<byte[]> first = contents(index);
    Snapshot second = IndexJob.run(forced(again)).snapshot().orElseThrow();
    assertThat(second.version()).isGreaterThan(index.version());
    assertThat(contents(second)).usingRecursiveComparison().isEqualTo(first);
  }

  @Test
  void attributesBecomeColumns() throws IOException {
    Session plain = evaluated("index.galleries=all");
    List<Row> rows =
        Table.INDEX.read(spark, IndexJob.run(plain).snapshot().orElseThrow()).collectAsList();
    Path table = folder.resolve("prices.jsonl");
    List<String> lines = new ArrayList<>();
    for (Row row : rows) {
      lines.add(
          String.format(
              Locale.ROOT,
              "{\"id\": \"%s\", \"category\": \"%s\", \"dataset\": \"%s\", \"price\": %d.5}",
              row.getAs("id"),
              row.getAs("category"),
              row.getAs("dataset"),
              lines.size()));
    }
    Files.write(table, lines.subList(1, lines.size()));

    Session session = evaluated("index.galleries=all", "index.attributes=" + table);
    Snapshot index = IndexJob.run(session).snapshot().orElseThrow();

    List<Row> priced = Table.INDEX.read(spark, index).collectAsList();
    assertThat(priced).hasSameSizeAs(rows);
    assertThat(priced.stream().filter(row -> row.getAs("price") == null)).hasSize(1);
    assertThat(index.manifest().schemas().get("index")).endsWith(",price DOUBLE");
    assertThat(
            SearchJob.run(
                    TinyPipeline.session(
                        "search.text=red", "search.k=5", "search.filter=price < 3"))
                .figures()
                .get("results"))
        .asInstanceOf(InstanceOfAssertFactories.LIST)
        .hasSize(2);
    Files.write(table, lines.get(1).getBytes(StandardCharsets.UTF_8), StandardOpenOption.APPEND);
    assertThatThrownBy(() -> IndexJob.run(forced(evaluated("index.attributes=" + table))))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot use the attributes")
        .hasMessageContaining("more than once");
  }

  private Session forced(Session session) {
    Session.Options options = new Session.Options(true, session.progress(), session.clock());
    return new Session(spark, session.config(), session.settings(), options);
  }

  private static List<Path> files(Snapshot index) {
    return index.files("index").stream().map(file -> Path.of(file.toUri().getPath())).toList();
  }

  private static List<byte[]> contents(Snapshot index) throws IOException {
    List<byte[]> contents = new ArrayList<>(List.of(index.read(IndexLayout.CENTROIDS)));
    for (Path file : files(index)) {
      contents.add(Files.readAllBytes(file));
    }
    return contents;
  }

  @Test
  void withoutAnEvaluationItSaysWhatToRun() {
    Session session = TinyPipeline.sessionOn(folder);

    assertThatThrownBy(() -> IndexJob.run(session))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot read evaluate: nothing has been committed")
        .hasMessageContaining("Make it first: scripts/weft evaluate");
  }
}
