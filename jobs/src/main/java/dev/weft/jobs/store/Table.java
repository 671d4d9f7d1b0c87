package dev.weft.jobs.store;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.index.IndexColumns;
import dev.weft.store.Attempt;
import dev.weft.store.FileEntry;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.CollectionAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A table of the contract between stages: its name, and its columns as {@code data-schemas} states
 * them. What is written is checked against them row by row, what is read against the manifest.
 *
 * <p>Immutable.
 */
public final class Table {
  public static final Table IMAGES = new Table("images");
  public static final Table TRIPLETS = new Table("triplets");
  public static final Table GALLERIES = new Table("galleries");
  public static final Table QUARANTINE = new Table("quarantine");
  public static final Table IMAGE_EMBEDDINGS = new Table("image_embeddings");
  public static final Table TEXT_EMBEDDINGS = new Table("text_embeddings");
  public static final Table HARD_NEGATIVES = new Table("hard_negatives");
  public static final Table IMAGE_VECTORS = new Table("image_vectors");
  public static final Table TEXT_VECTORS = new Table("text_vectors");
  public static final Table RANKINGS = new Table("rankings");
  public static final Table INDEX = new Table("index");
  public static final Table RESULTS = new Table("results");

  private static final long POLL_MILLIS = 200;

  private final String name;
  private final StructType schema;

  private Table(String name) {
    this(name, StructType.fromDDL(resource("/dev/weft/data-schemas/" + name + ".ddl")));
  }

  Table(String name, StructType schema) {
    this.name = name;
    this.schema = schema;
  }

  private static String resource(String path) {
    try (InputStream in = Table.class.getResourceAsStream(path)) {
      if (in == null) {
        throw new IllegalStateException("The jar lacks " + path + ". Build it again.");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("Cannot read " + path + " in the jar.", e);
    }
  }

  /** The table {@code index} with the attributes of one index. */
  public static Table index(IndexColumns columns) {
    return new Table(INDEX.name, StructType.fromDDL(columns.ddl()));
  }

  /** Name of the table in its snapshot, and of its file in {@code data-schemas}. */
  public String name() {
    return name;
  }

  /** The columns with their comments; those that are NOT NULL are not nullable. */
  public StructType schema() {
    return schema;
  }

  /** The schemas of some tables as a commit states them. */
  public static Map<String, String> schemas(Table... tables) {
    Map<String, String> schemas = new TreeMap<>();
    for (Table table : tables) {
      schemas.put(table.name, table.schema.toDDL());
    }
    return schemas;
  }

  /**
   * Reads the table of one snapshot: exactly the files its manifest lists. Rows of one file keep
   * their order; in which partition of the result a file lands is up to Spark. Columns that are NOT
   * NULL hold no null, because their files cannot store one, although Spark calls every column that
   * it reads nullable.
   */
  public Dataset<Row> read(SparkSession spark, Snapshot snapshot) {
    String[] files = snapshot.files(name).stream().map(Path::toString).toArray(String[]::new);
    StructType stored = StructType.fromDDL(snapshot.manifest().schemas().get(name));
    boolean more = name.equals(INDEX.name) && stored.length() > schema.length(); // attributes
    List<String> found = describe(stored);
    if (!(more ? found.subList(0, schema.length()) : found).equals(describe(schema))) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot read the table %s of %s: it was written with the columns %s, and this Weft works"
              + " with %s. Make it again with this version of Weft.",
          name,
          snapshot.path(),
          describe(stored),
          describe(schema));
    }
    return spark.read().schema(more ? stored : schema).parquet(files);
  }

  /** Columns in order with type and nullability, without comments. */
  private static List<String> describe(StructType schema) {
    return Arrays.stream(schema.fields())
        .map(
            field ->
                field.name() + " " + field.dataType().sql() + (field.nullable() ? "" : " NOT NULL"))
        .toList();
  }

  /**
   * Writes rows into an attempt: each task one Parquet file at its final place, in the order of its
   * rows; partitions without rows write none, a table without rows is one empty file. Columns are
   * taken by name. A null where the table allows none stops the job.
   *
   * <p>There is no output committer: of a partition that ran several times only the result that the
   * driver accepted is added, and vacuum removes what the others left.
   */
  public void write(Dataset<Row> rows, Attempt attempt) {
    Dataset<Row> ordered = inOrder(rows);
    JavaSparkContext spark = new JavaSparkContext(rows.sparkSession().sparkContext());
    Configuration hadoop = spark.hadoopConfiguration();
    Broadcast<SerializableConfiguration> settings =
        spark.broadcast(new SerializableConfiguration(hadoop));
    ParquetTable format = new ParquetTable(name, schema);
    String folder = attempt.folder().toString();
    try {
      List<FileEntry> entries =
          ordered
              .toJavaRDD()
              .mapPartitions(
                  partition ->
                      format.write(
                          settings.value().value(), folder, fileName(format.table()), partition))
              .collect();
      if (entries.isEmpty()) {
        entries = List.of(format.writeEmpty(hadoop, folder, name + "-empty.parquet"));
      }
      entries.forEach(attempt::add);
    } catch (Exception e) {
      throw plain(e);
    } finally {
      settings.destroy();
    }
  }

  /**
   * Writes rows into the folder of an attempt as {@link #write(Dataset, Attempt)} does, and tells
   * of each file soon after its task is done, while others run; where a task fails, of all that
   * were done before. Nothing is added to the attempt, and no rows are no file.
   *
   * @param done given the files that are new since it was last called, on the calling thread; what
   *     it throws ends the tasks that still run
   */
  public void write(Dataset<Row> rows, Attempt attempt, Consumer<List<FileEntry>> done) {
    JavaSparkContext spark = new JavaSparkContext(rows.sparkSession().sparkContext());
    Broadcast<SerializableConfiguration> settings =
        spark.broadcast(new SerializableConfiguration(spark.hadoopConfiguration()));
    ParquetTable format = new ParquetTable(name, schema);
    String folder = attempt.folder().toString();
    CollectionAccumulator<FileEntry> files = spark.sc().collectionAccumulator(name);
    JavaFutureAction<Void> running =
        inOrder(rows)
            .toJavaRDD()
            .foreachPartitionAsync(
                partition ->
                    format
                        .write(
                            settings.value().value(), folder, fileName(format.table()), partition)
                        .forEachRemaining(files::add));
    try {
      tellUntilTheEnd(running, files, done);
    } catch (Exception e) {
      throw plain(e);
    } finally {
      running.cancel(true); // of no effect where it has ended
      settings.destroy();
    }
  }

  private static void tellUntilTheEnd(
      JavaFutureAction<Void> running,
      CollectionAccumulator<FileEntry> files,
      Consumer<List<FileEntry>> done)
      throws InterruptedException, ExecutionException {
    int told = 0;
    boolean ended = false;
    while (!ended) {
      try {
        running.get(POLL_MILLIS, TimeUnit.MILLISECONDS);
        ended = true;
      } catch (TimeoutException e) {
        ended = false;
      } finally { // before a failure is passed on
        List<FileEntry> all = List.copyOf(files.value()); // of accepted tasks only, each once
        if (all.size() > told) {
          done.accept(all.subList(told, all.size()));
          told = all.size();
        }
      }
    }
  }

  /** Unique in the application: Spark never repeats the id of a task attempt. */
  private static String fileName(String table) {
    TaskContext task = TaskContext.get();
    return String.format(
        Locale.ROOT, "%s-%05d-%d.parquet", table, task.partitionId(), task.taskAttemptId());
  }

  /** The table's columns in its order, if the rows have exactly these. */
  private Dataset<Row> inOrder(Dataset<Row> rows) {
    Map<String, DataType> found = new TreeMap<>();
    for (StructField field : rows.schema().fields()) {
      found.put(field.name(), field.dataType());
    }
    List<String> wrong = new ArrayList<>();
    List<Column> columns = new ArrayList<>();
    for (StructField field : schema.fields()) {
      DataType type = found.remove(field.name());
      if (type == null) {
        wrong.add(field.name() + " is missing");
      } else if (!sameType(type, field.dataType())) {
        wrong.add(field.name() + " is " + type.sql() + " instead of " + field.dataType().sql());
      } else {
        columns.add(rows.col(field.name()));
      }
    }
    found.keySet().forEach(extra -> wrong.add(extra + " is not in the table"));
    if (!wrong.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot write the table " + name + ": " + String.join(", ", wrong) + ".");
    }
    return rows.select(columns.toArray(Column[]::new));
  }

  /** Whether elements of an array may be null is a matter of its rows, not of its type. */
  private static boolean sameType(DataType one, DataType other) {
    if (one instanceof ArrayType left && other instanceof ArrayType right) {
      return sameType(left.elementType(), right.elementType());
    }
    return one.equals(other);
  }

  /** What a task says plainly stays plain; Spark wraps it in a report about its stages. */
  private WeftException plain(Exception failure) {
    Throwable root = failure;
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof WeftException weft) {
        return weft;
      }
      root = cause;
    }
    boolean bug = root instanceof RuntimeException;
    return new WeftException(
        failure,
        bug ? ExitCode.BUG : ExitCode.IO,
        "Cannot write the table %s: %s. %s",
        name,
        root,
        bug ? "Report it with the command and --debug." : "Run the same command again.");
  }
}
