package dev.weft.jobs.encode;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.encode.UnitVector;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.store.Table;
import dev.weft.store.Attempt;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Publishes vectors that were made elsewhere as the output of encode, so that heads train on them:
 * the folder of {@code data-schemas/embeddings.md}, in Parquet or NumPy's form. The user names the
 * encoder, and only vectors of one name are ever used together.
 *
 * <pre>scripts/weft import-embeddings --config conf/shop.yaml --from /exchange --encoder my-clip-v3
 * </pre>
 */
public final class ImportJob {
  private static final int CODE_FORMAT = 1;
  private static final List<String> IMAGE_KEY = List.of("dataset", "category", "id");

  private final SparkSession spark;
  private final Path folder;
  private final FoundVectors.Folder found;

  private ImportJob(Session session, Path folder, FileSystem files) {
    this.spark = session.spark();
    this.folder = folder;
    this.found =
        new FoundVectors.Folder(
            spark, files, folder, new SerializableConfiguration(session.hadoop()));
  }

  /**
   * Runs in the given session.
   *
   * @param from the folder
   * @param encoder what to call the encoder: its fingerprint from here on
   */
  public static StageResult run(Session session, String from, String encoder) {
    if (!encoder.matches("[\\w.:@/+-]{1,200}")) {
      throw new WeftException(
          ExitCode.USAGE,
          "Cannot import: the name of the encoder is '%s'. Give --encoder a name of letters, digits"
              + " and . : @ / + - _ that changes whenever the model or its preprocessing does.",
          encoder);
    }
    Snapshot ingest = session.artefact("ingest").require();
    Path folder = new Path(from);
    try {
      FileSystem files = folder.getFileSystem(session.hadoop());
      Map<String, Object> settings = new TreeMap<>();
      settings.put("encoder", encoder);
      settings.put("files", listing(files, folder));
      return new Stage(
              "import-embeddings",
              "encode",
              settings,
              List.of(ingest),
              List.of(Table.IMAGE_EMBEDDINGS, Table.TEXT_EMBEDDINGS),
              CODE_FORMAT)
          .run(
              session,
              attempt -> new ImportJob(session, folder, files).write(ingest, encoder, attempt));
    } catch (IOException e) {
      throw unreadable(from, e);
    }
  }

  /** What changes when the folder does. */
  private static List<String> listing(FileSystem files, Path folder) throws IOException {
    List<String> listing = new ArrayList<>();
    if (!files.exists(folder)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot import from %s: there is no such folder. Name the one that holds images.npy and"
              + " images.jsonl, or images/*.parquet, with --from.",
          folder);
    }
    for (FileStatus status : files.listStatus(folder)) {
      for (FileStatus file :
          status.isDirectory() ? files.listStatus(status.getPath()) : new FileStatus[] {status}) {
        listing.add(file.getPath() + " " + file.getLen() + " " + file.getModificationTime());
      }
    }
    listing.sort(null);
    return listing;
  }

  private static WeftException unreadable(String place, IOException cause) {
    return new WeftException(
        cause,
        ExitCode.INPUT_MISSING,
        "Cannot import from %s: %s. data-schemas/embeddings.md says what must be there.",
        place,
        cause.getMessage());
  }

  private Map<String, Object> write(Snapshot ingest, String encoder, Attempt attempt) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("encoder", encoder);
    int width = 0;
    for (String kind : List.of("images", "texts")) {
      FoundVectors given = vectors(kind);
      JavaRDD<Row> vectors = vectors(given, kind).persist(StorageLevel.MEMORY_AND_DISK());
      Dataset<Row> unit = spark.createDataFrame(vectors, FoundVectors.schema(given.key()));
      width = requireOneWidth(unit, kind, width);
      requireNoDuplicates(unit, given.key(), kind);
      if (kind.equals("images")) {
        images(ingest, unit, given.key(), attempt, figures);
      } else {
        Table.TEXT_EMBEDDINGS.write(
            unit.select("text", "vector")
                .repartition(slots(), functions.col("text"))
                .sortWithinPartitions("text"),
            attempt);
        figures.put("texts", unit.count());
      }
      vectors.unpersist(/* blocking= */ false);
    }
    figures.put("dimension", width);
    return figures;
  }

  private FoundVectors vectors(String kind) {
    try {
      return found.vectors(kind, kind.equals("images") ? IMAGE_KEY : List.of("text"));
    } catch (IOException e) {
      throw unreadable(folder.toString(), e);
    }
  }

  private int slots() {
    return spark.sparkContext().defaultParallelism();
  }

  /** Rows of images that ingest knows; those of others are counted and left out. */
  private void images(
      Snapshot ingest,
      Dataset<Row> unit,
      List<String> key,
      Attempt attempt,
      Map<String, Object> figures) {
    Dataset<Row> known =
        Table.IMAGES.read(spark, ingest).select("dataset", "category", "id", "location", "sha256");
    Dataset<Row> rows =
        known
            .join(unit, key.toArray(String[]::new))
            .select(
                functions.col("dataset"),
                functions.col("category"),
                functions.col("id"),
                functions.coalesce(known.col("location"), functions.lit("")).as("location"),
                functions.coalesce(known.col("sha256"), functions.lit("")).as("sha256"),
                functions.col("vector"));
    long images = rows.count();
    long given = unit.count();
    if (images == 0) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot import from %s: none of its %,d images is one of the %,d that ingest read, such as"
              + " %s. Write the ids as scripts/weft export-embeddings --format keys does.",
          folder,
          given,
          known.count(),
          known.isEmpty() ? "-" : known.first().getAs("id"));
    }
    Table.IMAGE_EMBEDDINGS.write(
        rows.repartition(
                slots(), functions.col("dataset"), functions.col("category"), functions.col("id"))
            .sortWithinPartitions("dataset", "category", "id"),
        attempt);
    figures.put("images", images);
    figures.put("images_without_vector", known.count() - images);
    figures.put(
        "images_unknown", unit.join(known, key.toArray(String[]::new), "left_anti").count());
  }

  private int requireOneWidth(Dataset<Row> unit, String kind, int width) {
    Row widths =
        unit.agg(
                functions.min(functions.length(functions.col("vector"))),
                functions.max(functions.length(functions.col("vector"))))
            .first();
    if (widths.isNullAt(0)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot import from %s: its vectors of %s are none at all. Write them again:"
              + " data-schemas/embeddings.md says how.",
          folder,
          kind);
    }
    int least = widths.getInt(0) / Float.BYTES;
    int most = widths.getInt(1) / Float.BYTES;
    if (least != most || (width != 0 && width != most)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot import from %s: the vectors of %s have %d to %d numbers%s. All vectors of one encoder"
              + " have the same width: write them again with one encoder.",
          folder,
          kind,
          least,
          most,
          width == 0 ? "" : ", those of images " + width);
    }
    return most;
  }

  private void requireNoDuplicates(Dataset<Row> unit, List<String> key, String kind) {
    Column[] columns = key.stream().map(functions::col).toArray(Column[]::new);
    List<Row> twice =
        unit.groupBy(columns).count().where(functions.col("count").gt(1)).limit(1).collectAsList();
    if (!twice.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot import from %s: %s has %d vectors for %s. Give each one.",
          folder,
          kind,
          twice.get(0).<Long>getAs("count"),
          twice.get(0));
    }
  }

  /**
   * The vectors at unit length, as bytes; a broken one is named. They are kept as rows: what Spark
   * keeps of a table goes to disk by batches of 10,000, of which its serializer holds a hundred.
   */
  private JavaRDD<Row> vectors(FoundVectors found, String kind) {
    List<String> key = found.key();
    String place = folder.toString();
    return found
        .rows()
        .javaRDD()
        .map(
            row -> {
              Object[] values =
                  Stream.concat(
                          key.stream().map(part -> (Object) row.<String>getAs(part)),
                          Stream.of(bytes(row.getAs("vector"), place + "/" + kind, row)))
                      .toArray();
              return RowFactory.create(values);
            });
  }

  private static byte[] bytes(Object vector, String place, Row row) {
    float[] numbers;
    if (vector instanceof byte[] packed) {
      numbers = VectorBytes.decode(packed);
    } else {
      List<?> list =
          scala.jdk.javaapi.CollectionConverters.asJava((scala.collection.Seq<?>) vector);
      numbers = new float[list.size()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = ((Number) list.get(i)).floatValue();
      }
    }
    double squares = 0;
    for (float number : numbers) {
      squares += (double) number * number;
    }
    if (!(squares > 0) || Double.isInfinite(squares)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot import from %s: the vector of %s holds no direction (all zero, or a NaN or infinite"
              + " number). Make it again, or leave the row out.",
          place,
          row);
    }
    return VectorBytes.encode(UnitVector.of(numbers));
  }
}
