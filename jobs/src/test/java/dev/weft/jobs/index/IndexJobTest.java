package dev.weft.jobs.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.WeftException;
import dev.weft.index.IndexContract;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyPipeline;
import dev.weft.jobs.evaluate.EvaluateJob;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
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
      List<String> ids = new ArrayList<>();
      spark.read().parquet(file).collectAsList().forEach(row -> ids.add(row.getAs("id")));
      assertThat(ids).isSorted();
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
  void withoutAnEvaluationItSaysWhatToRun() {
    Session session = TinyPipeline.sessionOn(folder);

    assertThatThrownBy(() -> IndexJob.run(session))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot read evaluate: nothing has been committed")
        .hasMessageContaining("Make it first: scripts/weft evaluate");
  }
}
