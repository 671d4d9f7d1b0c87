package dev.weft.jobs.index;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Binder;
import dev.weft.index.EncodedWith;
import dev.weft.index.IndexConfig;
import dev.weft.index.IndexContract;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.evaluate.Embeddings;
import dev.weft.jobs.store.Table;
import dev.weft.store.Attempt;
import dev.weft.store.Snapshot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Writes the gallery as a searchable table: id, category, location, description and vector of each
 * image in one row, spread over {@code index.files} files by a hash of the image's key, sorted by
 * id. The manifest holds the {@link IndexContract}.
 *
 * <pre>scripts/weft index --config conf/wardrobe.yaml</pre>
 */
public final class IndexJob {
  private static final int CODE_FORMAT = 1;
  private static final String CONTRACT = "contract";
  private static final JsonMapper JSON = new JsonMapper();
  private static final String[] KEY = {"dataset", "category", "id"};

  private IndexJob() {}

  /** Runs the stage in the given session. */
  public static StageResult run(Session session) {
    Snapshot ingest = session.artefact("ingest").require();
    Snapshot encode = session.artefact("encode").require();
    Snapshot evaluate = session.artefact("evaluate").require();
    IndexConfig config = session.config().index();
    StageResult result =
        new Stage(
                "index",
                "index",
                Stage.settings(config),
                List.of(ingest, encode, evaluate),
                List.of(Table.INDEX),
                CODE_FORMAT)
            .run(session, attempt -> write(session, ingest, encode, evaluate, attempt));
    Snapshot index = result.snapshot().orElseThrow();
    return result.with("folder", index.files(Table.INDEX.name()).get(0).getParent().toString());
  }

  /** What a reader of an index may rely on. */
  public static IndexContract contract(Snapshot index) {
    Object contract = index.manifest().facts().get(CONTRACT);
    if (contract == null) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot use %s: its manifest has no contract. Build the index again with this version.",
          index.path());
    }
    return JSON.convertValue(contract, IndexContract.class);
  }

  private static Map<String, Object> write(
      Session session, Snapshot ingest, Snapshot encode, Snapshot evaluate, Attempt attempt) {
    EncodedWith vectors = Embeddings.encodedWith(encode);
    String head = String.valueOf(evaluate.manifest().facts().get("best_head"));
    EncodedWith.requireSame(
        List.of(
            vectors,
            new EncodedWith(
                "evaluate version " + evaluate.version(),
                String.valueOf(evaluate.manifest().facts().get("encoder")),
                vectors.width())));
    SparkSession spark = session.spark();
    IndexConfig config = session.config().index();
    spark.sparkContext().setJobDescription("write the index");
    Dataset<Row> rows = rows(spark, ingest, encode, config);
    long count = rows.count();
    if (count == 0) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot build an index: none of the images that index.galleries asks for (%s) has a"
              + " vector in encode version %d. Ingest the images and encode again, or set"
              + " index.galleries to all.",
          Binder.kebab(config.galleries()),
          encode.version());
    }
    Column[] key = {functions.col("dataset"), functions.col("category"), functions.col("id")};
    Table.INDEX.write(
        rows.repartition(config.files(), key).sortWithinPartitions("id", "category", "dataset"),
        attempt);
    spark.sparkContext().setJobDescription(null);
    IndexContract contract = IndexContract.of(vectors.width(), vectors.encoder(), head, count);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("encoder", contract.encoder());
    figures.put("head", contract.head());
    figures.put("dimension", contract.width());
    figures.put("count", contract.count());
    figures.put("metric", contract.metric());
    figures.put(CONTRACT, JSON.convertValue(contract, new TypeReference<Map<String, Object>>() {}));
    return figures;
  }

  private static Dataset<Row> rows(
      SparkSession spark, Snapshot ingest, Snapshot encode, IndexConfig config) {
    Dataset<Row> vectors = Table.IMAGE_EMBEDDINGS.read(spark, encode).drop("sha256");
    Dataset<Row> chosen =
        switch (config.galleries()) {
          case ALL -> vectors;
          case VAL ->
              vectors.join(
                  Table.GALLERIES
                      .read(spark, ingest)
                      .where(functions.col("split").equalTo("val"))
                      .select(
                          functions.col("dataset"),
                          functions.col("category"),
                          functions.col("image").as("id")),
                  KEY,
                  "left_semi");
        };
    Dataset<Row> described =
        Table.IMAGES.read(spark, ingest).select("dataset", "category", "id", "description");
    return chosen.join(described, KEY, "left_outer");
  }
}
