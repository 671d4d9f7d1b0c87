package dev.weft.jobs.encode;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;

import dev.weft.encode.CaptionForm;
import dev.weft.encode.EncodeConfig;
import dev.weft.encode.QueryText;
import dev.weft.ingest.ImageDecoder;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.ingest.TripletRows;
import dev.weft.jobs.store.Table;
import dev.weft.store.Attempt;
import dev.weft.store.Snapshot;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * Computes the unit vectors of all images and texts. Equal contents are encoded once, and none that
 * an earlier version of the artefact has a vector of from the same encoder, preprocessing included,
 * and image decoder. What tasks have encoded is kept at once, see {@link Shards}.
 *
 * <p>The vectors do not depend on the number of tasks, nor on what was reused.
 *
 * <pre>scripts/weft encode --config conf/wardrobe.yaml</pre>
 */
public final class EncodeJob {
  private static final int CODE_FORMAT = 2;
  private static final StorageLevel KEPT = StorageLevel.MEMORY_AND_DISK();

  /** Earlier versions that vectors are taken from, so that the plan of the query stays small. */
  private static final int MOST_EARLIER = 100;

  private final Session session;
  private final SparkSession spark;
  private final JavaSparkContext context;
  private final EncodeConfig config;
  private final Snapshot ingest;
  private final Broadcast<EncoderBundle> bundle;
  private final List<Snapshot> earlier; // newest first
  private final Shards shards;
  private final int slots;

  private EncodeJob(
      Session session,
      Snapshot ingest,
      Broadcast<EncoderBundle> bundle,
      List<Snapshot> earlier,
      Shards shards) {
    this.session = session;
    this.spark = session.spark();
    this.context = new JavaSparkContext(spark.sparkContext());
    this.config = session.config().encode();
    this.ingest = ingest;
    this.bundle = bundle;
    this.earlier = earlier;
    this.shards = shards;
    this.slots =
        config.partitions() > 0 ? config.partitions() : spark.sparkContext().defaultParallelism();
  }

  /** Runs the stage in the given session. */
  public static StageResult run(Session session) {
    Snapshot ingest = session.input("ingest");
    ConfiguredEncoder encoder = ConfiguredEncoder.of(session);
    Map<String, Object> key = // of a vector, besides the content
        Map.of("encoder", encoder.fingerprint(), "decoder", ImageDecoder.VERSION);
    Shards shards = new Shards(session, key);
    Map<String, Object> settings = new TreeMap<>(key);
    settings.put("captionForms", session.config().encode().captionForms());
    StageResult result =
        new Stage(
                "encode",
                "encode",
                settings,
                Stream.concat(Stream.of(ingest), encoder.inputs().stream()).toList(),
                List.of(Table.IMAGE_EMBEDDINGS, Table.TEXT_EMBEDDINGS),
                CODE_FORMAT)
            .run(session, attempt -> write(session, ingest, encoder, shards, attempt));
    shards.finish();
    return result;
  }

  private static Map<String, Object> write(
      Session session, Snapshot ingest, ConfiguredEncoder encoder, Shards shards, Attempt attempt) {
    EncoderBundle bundle = encoder.bundle();
    Broadcast<EncoderBundle> shared =
        new JavaSparkContext(session.spark().sparkContext()).broadcast(bundle);
    try {
      shards.resume();
      EncodeJob job =
          new EncodeJob(session, ingest, shared, earlier(session, bundle.fingerprint()), shards);
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("encoder", bundle.fingerprint());
      figures.put("decoder", ImageDecoder.VERSION);
      figures.put("dimension", encoder.dimension());
      job.writeImages(attempt, figures);
      job.writeTexts(attempt, figures);
      return figures;
    } finally {
      session.spark().sparkContext().setJobDescription(null);
      shared.destroy();
    }
  }

  /** Where vectors of the same encoder are already; with {@code --force} nowhere. */
  private static List<Snapshot> earlier(Session session, String fingerprint) {
    return session.force()
        ? List.of()
        : session.artefact("encode").history().stream()
            .filter(snapshot -> fingerprint.equals(snapshot.manifest().facts().get("encoder")))
            .filter(
                snapshot ->
                    Integer.valueOf(ImageDecoder.VERSION)
                        .equals(snapshot.manifest().facts().get("decoder")))
            .limit(MOST_EARLIER)
            .toList();
  }

  private void writeImages(Attempt attempt, Map<String, Object> figures) {
    Dataset<Row> images = Table.IMAGES.read(spark, ingest).filter(col("location").isNotNull());
    List<Snapshot> from = holding(Table.IMAGE_EMBEDDINGS, "sha256", images);
    Dataset<Row> known = known(from, Table.IMAGE_EMBEDDINGS, Table.IMAGE_VECTORS, "sha256");
    int tasks = ImageVectors.tasks(ingest.rows(Table.IMAGES.name()), slots);
    try (ImageReader reader = ImageReader.of(context, session.config().ingest())) {
      JavaRDD<Row> fresh =
          images
              .dropDuplicates("sha256")
              .join(known, images.col("sha256").equalTo(known.col("sha256")), "left_anti")
              .repartition(tasks, col("sha256"))
              .javaRDD()
              .map(StoredImage::of)
              .mapPartitions(new ImageVectors(reader, bundle, config.batchSize()))
              .map(encoded -> RowFactory.create(encoded.image().sha256(), encoded.vector()));
      describe("encode images");
      long encoded =
          shards.write(
              Table.IMAGE_VECTORS,
              spark.createDataFrame(fresh, Table.IMAGE_VECTORS.schema().asNullable()));
      describe("write the vectors of images");
      Dataset<Row> rows =
          images
              .select("dataset", "category", "id", "location", "sha256")
              .join(known(from, Table.IMAGE_EMBEDDINGS, Table.IMAGE_VECTORS, "sha256"), "sha256")
              .repartition(slots, col("dataset"), col("category"), col("id"))
              .sortWithinPartitions("dataset", "category", "id");
      Table.IMAGE_EMBEDDINGS.write(rows, attempt);
      figures.put("images", images.count());
      figures.put("images_encoded", encoded);
    }
  }

  private void writeTexts(Attempt attempt, Map<String, Object> figures) {
    List<CaptionForm> forms = config.captionForms();
    Dataset<Row> texts =
        spark
            .createDataset(
                Table.TRIPLETS
                    .read(spark, ingest)
                    .javaRDD()
                    .map(TripletRows::triplet)
                    .flatMap(triplet -> texts(triplet, forms).iterator())
                    .distinct()
                    .rdd(),
                Encoders.STRING())
            .toDF("text")
            .persist(KEPT);
    List<Snapshot> from = holding(Table.TEXT_EMBEDDINGS, "text", texts);
    Dataset<Row> known = known(from, Table.TEXT_EMBEDDINGS, Table.TEXT_VECTORS, "text");
    describe("collect the texts");
    long count = texts.count();
    JavaRDD<Row> fresh =
        texts
            .join(known, texts.col("text").equalTo(known.col("text")), "left_anti")
            .repartition(TextVectors.tasks(count, slots), col("text"))
            .javaRDD()
            .map(row -> row.getString(0))
            .mapPartitions(new TextVectors(bundle, config.batchSize()))
            .map(one -> RowFactory.create(one.text(), one.vector(), one.cut()));
    describe("encode texts");
    long encoded =
        shards.write(
            Table.TEXT_VECTORS,
            spark.createDataFrame(fresh, Table.TEXT_VECTORS.schema().asNullable()));
    describe("write the vectors of texts");
    Dataset<Row> rows =
        texts
            .join(known(from, Table.TEXT_EMBEDDINGS, Table.TEXT_VECTORS, "text"), "text")
            .repartition(slots, col("text"))
            .sortWithinPartitions("text");
    Table.TEXT_EMBEDDINGS.write(rows, attempt);
    long cut = shards.read(Table.TEXT_VECTORS).map(made -> made.filter("cut").count()).orElse(0L);
    if (cut > 0) {
      session
          .progress()
          .say("  " + cut + " of the encoded texts exceed the encoder's limit and lost their end");
    }
    texts.unpersist();
    figures.put("texts", count);
    figures.put("texts_encoded", encoded);
    figures.put("texts_cut", cut);
  }

  /** As it was configured; for evaluation and search all captions in their order in any case. */
  static Stream<String> texts(Triplet triplet, List<CaptionForm> forms) {
    Stream<CaptionForm> needed =
        triplet.split().equals("train")
            ? forms.stream()
            : Stream.concat(Stream.of(CaptionForm.FIRST_AND_SECOND), forms.stream());
    return needed.map(form -> QueryText.of(triplet.captions(), form));
  }

  /**
   * The earlier versions to take vectors from: the newest, and of the others those that have what
   * newer ones lack, such as an image that was gone for a while. Only keys are read for that.
   */
  private List<Snapshot> holding(Table table, String key, Dataset<Row> wanted) {
    if (earlier.size() < 2) {
      return earlier;
    }
    describe("look for vectors in earlier versions");
    Dataset<Row> lacking =
        wanted
            .select(key)
            .distinct()
            .join(table.read(spark, earlier.get(0)).select(key), new String[] {key}, "left_anti");
    Dataset<Row> older =
        earlier.stream()
            .skip(1)
            .map(
                snapshot ->
                    table
                        .read(spark, snapshot)
                        .select(col(key), lit(snapshot.version()).as("version")))
            .reduce(Dataset::unionByName)
            .orElseThrow();
    Set<Long> versions =
        lacking
            .join(older, key)
            .groupBy(key)
            .agg(max("version").as("version"))
            .select("version")
            .distinct()
            .collectAsList()
            .stream()
            .map(row -> row.getLong(0))
            .collect(Collectors.toSet());
    versions.add(earlier.get(0).version());
    return earlier.stream().filter(snapshot -> versions.contains(snapshot.version())).toList();
  }

  /** What need not be encoded, now: key and vector, each key once. */
  private Dataset<Row> known(List<Snapshot> from, Table table, Table shard, String key) {
    Dataset<Row> known = spark.createDataFrame(List.of(), FoundVectors.schema(List.of(key)));
    for (Snapshot snapshot : from) {
      known = known.unionByName(table.read(spark, snapshot).select(key, "vector"));
    }
    Optional<Dataset<Row>> made = shards.read(shard);
    if (made.isPresent()) {
      known = known.unionByName(made.get().select(key, "vector"));
    }
    return known.dropDuplicates(key);
  }

  private void describe(String words) {
    spark.sparkContext().setJobDescription(words);
  }
}
