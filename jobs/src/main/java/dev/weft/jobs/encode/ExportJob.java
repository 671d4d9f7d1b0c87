package dev.weft.jobs.encode;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.to_json;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.encode.CaptionForm;
import dev.weft.encode.NpyHeader;
import dev.weft.index.EncodedWith;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.evaluate.Embeddings;
import dev.weft.jobs.ingest.TripletRows;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * Writes the newest vectors to a folder that other programs read, see {@code
 * data-schemas/embeddings.md}; or only the names of what wants a vector, to have them made
 * elsewhere.
 *
 * <pre>scripts/weft export-embeddings --config conf/shop.yaml --to hdfs:///exchange --format npy
 * </pre>
 */
public final class ExportJob {
  private static final List<String> IMAGE_KEY = List.of("dataset", "category", "id");
  private static final StructType IMAGES =
      new StructType()
          .add("dataset", DataTypes.StringType)
          .add("category", DataTypes.StringType)
          .add("id", DataTypes.StringType)
          .add("sha256", DataTypes.StringType)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType, false));
  private static final StructType TEXTS =
      new StructType()
          .add("text", DataTypes.StringType)
          .add("vector", DataTypes.createArrayType(DataTypes.FloatType, false));

  /** What the folder gets. */
  public enum Format {
    /** Parquet with vectors as arrays of float. */
    PARQUET,
    /** A matrix of NumPy, and JSON lines that name its rows. */
    NPY,
    /** The JSON lines alone. */
    KEYS
  }

  private final Session session;
  private final SparkSession spark;
  private final Path folder;
  private final FileSystem files;

  private ExportJob(Session session, String to) throws IOException {
    this.session = session;
    this.spark = session.spark();
    this.folder = new Path(to);
    FileSystem system = folder.getFileSystem(session.hadoop());
    this.files = system instanceof LocalFileSystem local ? local.getRaw() : system; // no .crc files
  }

  /**
   * Runs in the given session.
   *
   * @param to a folder that is not there yet
   */
  public static StageResult run(Session session, String to, Format format) {
    long start = session.clock().millis();
    try {
      ExportJob job = new ExportJob(session, to);
      if (job.files.exists(job.folder)) {
        throw new WeftException(
            ExitCode.USAGE,
            "Cannot export to %s: it is there already. Name a new folder with --to, or remove this"
                + " one.",
            to);
      }
      Map<String, Object> figures = format == Format.KEYS ? job.keys() : job.vectors(format);
      figures.put("folder", job.files.makeQualified(job.folder).toString());
      double seconds = (session.clock().millis() - start) / 1000.0;
      return new StageResult(
          "export-embeddings", StageResult.DONE, Optional.empty(), seconds, figures);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot export to %s: %s. Remove what is there, check that it can be written and has room,"
              + " and run the same command again.",
          to,
          e);
    }
  }

  private Map<String, Object> keys() throws IOException {
    Snapshot ingest = session.artefact("ingest").require();
    Dataset<Row> images =
        Table.IMAGES
            .read(spark, ingest)
            .select("dataset", "category", "id", "location")
            .orderBy("dataset", "category", "id");
    List<CaptionForm> forms = session.config().encode().captionForms();
    JavaRDD<String> texts =
        Table.TRIPLETS
            .read(spark, ingest)
            .javaRDD()
            .map(TripletRows::triplet)
            .flatMap(triplet -> EncodeJob.texts(triplet, forms).iterator())
            .distinct();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("images", lines("images.jsonl", images));
    figures.put(
        "texts",
        lines(
            "texts.jsonl",
            spark.createDataset(texts.rdd(), Encoders.STRING()).toDF("text").orderBy("text")));
    return figures;
  }

  private Map<String, Object> vectors(Format format) throws IOException {
    Snapshot encode = session.artefact("encode").require();
    EncodedWith with = Embeddings.encodedWith(encode);
    Dataset<Row> images =
        Table.IMAGE_EMBEDDINGS
            .read(spark, encode)
            .drop("location")
            .orderBy("dataset", "category", "id");
    Dataset<Row> texts = Table.TEXT_EMBEDDINGS.read(spark, encode).orderBy("text");
    Map<String, Object> about = new LinkedHashMap<>();
    about.put("encoder", with.encoder());
    about.put("dimension", with.width());
    about.put("format", format.name().toLowerCase(Locale.ROOT));
    about.put("normalised", true);
    about.put("images", encode.rows(Table.IMAGE_EMBEDDINGS.name()));
    about.put("texts", encode.rows(Table.TEXT_EMBEDDINGS.name()));
    if (format == Format.PARQUET) {
      arrays(images, IMAGES).write().parquet(new Path(folder, "images").toString());
      arrays(texts, TEXTS).write().parquet(new Path(folder, "texts").toString());
    } else {
      matrix("images", images, IMAGE_KEY, encode.rows(Table.IMAGE_EMBEDDINGS.name()), with.width());
      matrix(
          "texts", texts, List.of("text"), encode.rows(Table.TEXT_EMBEDDINGS.name()), with.width());
    }
    // Last: a folder with this file is whole.
    write("embeddings.json", new ObjectMapper().writeValueAsBytes(about));
    return about;
  }

  private Dataset<Row> arrays(Dataset<Row> rows, StructType schema) {
    List<String> names = List.of(schema.fieldNames());
    return spark.createDataFrame(
        rows.javaRDD()
            .map(
                row ->
                    RowFactory.create(
                        names.stream()
                            .map(
                                name ->
                                    name.equals("vector")
                                        ? VectorBytes.decode(row.<byte[]>getAs(name))
                                        : row.<Object>getAs(name))
                            .toArray())),
        schema);
  }

  /** Row n of the matrix is what line n names: both are written from one pass over the rows. */
  private void matrix(String name, Dataset<Row> rows, List<String> key, long count, int width)
      throws IOException {
    Dataset<Row> named =
        rows.select(
            to_json(struct(key.stream().map(part -> col(part)).toArray(Column[]::new))).as("key"),
            col("vector"));
    long written = 0;
    try (OutputStream matrix = create(name + ".npy");
        OutputStream keys = create(name + ".jsonl")) {
      matrix.write(NpyHeader.of(count, width));
      for (Iterator<Row> all = named.toLocalIterator(); all.hasNext(); written++) {
        Row row = all.next();
        matrix.write(row.<byte[]>getAs("vector"));
        keys.write((row.<String>getAs("key") + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    if (written != count) {
      throw new IOException(name + " has " + written + " rows, its manifest says " + count);
    }
  }

  private long lines(String name, Dataset<Row> rows) throws IOException {
    long count = 0;
    try (OutputStream out = create(name)) {
      for (Iterator<String> all = rows.toJSON().toLocalIterator(); all.hasNext(); count++) {
        out.write((all.next() + "\n").getBytes(StandardCharsets.UTF_8));
      }
    }
    return count;
  }

  private OutputStream create(String name) throws IOException {
    return new BufferedOutputStream(files.create(new Path(folder, name), false), 1 << 20);
  }

  private void write(String name, byte[] content) throws IOException {
    try (OutputStream out = create(name)) {
      out.write(content);
    }
  }
}
