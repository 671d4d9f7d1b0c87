package dev.weft.jobs.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.VectorFile;
import dev.weft.compute.Workers;
import dev.weft.config.Binder;
import dev.weft.index.CellRecall;
import dev.weft.index.Cells;
import dev.weft.index.EncodedWith;
import dev.weft.index.IndexColumns;
import dev.weft.index.IndexConfig;
import dev.weft.index.IndexContract;
import dev.weft.index.IndexLayout;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.evaluate.Embeddings;
import dev.weft.jobs.evaluate.TrainedHead;
import dev.weft.jobs.store.Table;
import dev.weft.store.Attempt;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;

/**
 * Writes the gallery as a searchable table: id, category, location, description and vector of each
 * image in one row, with its cell, its 8-bit code and its attributes, in {@code index.files} files
 * sorted by cell and key. Cells are trained on a sample; how many a search must look into for
 * {@code index.recall} is measured on real queries. The manifest holds the {@link IndexContract}
 * and the {@link IndexLayout}.
 *
 * <pre>scripts/weft index --config conf/wardrobe.yaml</pre>
 */
public final class IndexJob {
  private static final int CODE_FORMAT = 2;

  /** Passes of k-means; more change little. */
  private static final int ITERATIONS = 10;

  private static final String BUILT_BY = "built_by";
  private static final String[] KEY = {"dataset", "category", "id"};

  private IndexJob() {}

  /** Runs the stage in the given session. */
  public static StageResult run(Session session) {
    Snapshot ingest = session.input("ingest");
    Snapshot encode = session.input("encode");
    Snapshot evaluate = session.input("evaluate");
    IndexConfig config = session.config().index();
    Optional<Dataset<Row>> attributes =
        Optional.of(config.attributes())
            .filter(place -> !place.isBlank())
            .map(place -> IndexTable.read(session.spark(), place));
    IndexColumns columns = attributes.map(IndexTable::columns).orElse(IndexColumns.plain());
    Map<String, Object> settings = Stage.settings(config);
    settings.put("attributeColumns", columns.ddl());
    settings.put("attributeState", attributeState(session));
    Stage stage =
        new Stage(
            "index",
            "index",
            settings,
            List.of(ingest, encode, evaluate),
            List.of(Table.index(columns)),
            CODE_FORMAT);
    Optional<Snapshot> edited = session.artefact("index").latest().filter(IndexJob::edited);
    if (edited.isPresent() && !session.force() && builtBy(edited.get()).equals(stage.runKey())) {
      // The same build with changes upon it: building again would undo them.
      return result(
          new StageResult(
              "index", StageResult.UP_TO_DATE, edited, 0, edited.get().manifest().facts()));
    }
    Build build = new Build(session, ingest, encode, evaluate, columns, attributes);
    return result(
        stage.run(
            session,
            attempt -> {
              Map<String, Object> figures = build.write(attempt);
              figures.put(BUILT_BY, stage.runKey());
              return figures;
            }));
  }

  private static StageResult result(StageResult result) {
    Snapshot index = result.snapshot().orElseThrow();
    return result.with("folder", index.files(Table.INDEX.name()).get(0).getParent().toString());
  }

  private static boolean edited(Snapshot index) {
    return index.manifest().facts().containsKey("edits");
  }

  private static String builtBy(Snapshot index) {
    return String.valueOf(index.manifest().facts().get(BUILT_BY));
  }

  /** What a reader of an index may rely on. */
  public static IndexContract contract(Snapshot index) {
    return IndexLayout.contract(index);
  }

  /** What the table of attributes looks like from outside. */
  public static List<String> attributeState(Session session) {
    return IndexTable.state(session.hadoop(), session.config().index().attributes());
  }

  /** The encoder of its vectors. */
  public static EncodedWith encodedWith(Snapshot index) {
    IndexContract contract = contract(index);
    return new EncodedWith(
        "the index version " + index.version(), contract.encoder(), contract.width());
  }

  /** One build. */
  private record Build(
      Session session,
      Snapshot ingest,
      Snapshot encode,
      Snapshot evaluate,
      IndexColumns columns,
      Optional<Dataset<Row>> attributes) {

    Map<String, Object> write(Attempt attempt) {
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
      Dataset<Row> rows = rows(spark, ingest, encode, config);
      if (attributes.isPresent()) {
        rows = IndexTable.withAttributes(rows, attributes.get(), columns, config.attributes());
      }
      spark.sparkContext().setJobDescription("count the images of the index");
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
      Cells cells = cells(rows, count, vectors.width());
      JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
      Broadcast<float[]> centroids = context.broadcast(cells.flat());
      JavaPairRDD<IndexBuild.Place, Row> placed =
          IndexBuild.placed(rows, centroids, vectors.width()).persist(StorageLevel.DISK_ONLY());
      spark.sparkContext().setJobDescription("write the index");
      Map<Integer, Long> sizes = IndexBuild.sizes(placed);
      if (cells.count() > 1) {
        attempt.write(IndexLayout.CENTROIDS, VectorFile.write(cells.flat()));
      }
      IndexBuild.write(placed, sizes, config.files(), columns, context, attempt);
      IndexLayout layout =
          cells.count() == 1 ? IndexLayout.exact() : layout(cells, placed, head, context);
      placed.unpersist();
      centroids.destroy();
      spark.sparkContext().setJobDescription(null);
      return figures(vectors, head, count, layout);
    }

    private Cells cells(Dataset<Row> rows, long count, int width) {
      IndexConfig config = session.config().index();
      int wanted = config.cellsFor(count);
      if (wanted == 1) {
        return Cells.one(width);
      }
      session.spark().sparkContext().setJobDescription("sample vectors for the cells");
      double share = Math.min(1, config.sample() / (double) count);
      Column hash =
          functions.xxhash64(
              functions.col("dataset"), functions.col("category"), functions.col("id"));
      List<float[]> sample =
          rows
              .select(hash.as("hash"), functions.col("vector"))
              .where(functions.col("hash").leq((long) ((2 * share - 1) * Long.MAX_VALUE)))
              .collectAsList()
              .stream()
              .sorted(Comparator.comparingLong(row -> row.getLong(0)))
              .map(row -> VectorBytes.decode(row.<byte[]>getAs("vector")))
              .toList();
      try (Workers workers = new Workers(Runtime.getRuntime().availableProcessors())) {
        return Cells.train(sample, wanted, ITERATIONS, session.config().seed(), workers);
      }
    }

    private IndexLayout layout(
        Cells cells,
        JavaPairRDD<IndexBuild.Place, Row> placed,
        String head,
        JavaSparkContext context) {
      IndexConfig config = session.config().index();
      session.spark().sparkContext().setJobDescription("measure the recall of the index");
      RecallQueries queries =
          RecallQueries.find(session, ingest, encode, head, config.recallQueries());
      List<byte[]> bytes = new ArrayList<>();
      queries.vectors().forEach(vector -> bytes.add(VectorBytes.encode(vector)));
      Broadcast<List<byte[]>> sent = context.broadcast(bytes);
      List<int[]> truth = queries.neighbourCells(placed, sent, CellRecall.K);
      sent.destroy();
      try (Workers workers = new Workers(Runtime.getRuntime().availableProcessors())) {
        return CellRecall.measure(cells, queries.vectors(), truth, workers)
            .reaching(config.recall(), queries.source());
      }
    }

    private Map<String, Object> figures(
        EncodedWith vectors, String head, long count, IndexLayout layout) {
      IndexContract contract = IndexContract.of(vectors.width(), vectors.encoder(), head, count);
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("encoder", contract.encoder());
      figures.put("head", contract.head());
      figures.put("head_attempt", TrainedHead.require(session, head).manifest().attempt());
      figures.put("dimension", contract.width());
      figures.put("metric", contract.metric());
      layout.into(figures, contract);
      return figures;
    }
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
