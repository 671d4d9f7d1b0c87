package dev.weft.jobs.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.index.IndexColumns;
import dev.weft.index.IndexRow;
import dev.weft.ingest.ImageKey;
import dev.weft.store.VectorBytes;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.FloatType;
import org.apache.spark.sql.types.IntegerType;
import org.apache.spark.sql.types.LongType;
import org.apache.spark.sql.types.ShortType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructField;

/** Rows of an index, and of tables that go into one, as Spark sees them. */
final class IndexTable {
  private static final List<String> KEY = List.of("dataset", "category", "id");

  private IndexTable() {}

  /** A row of the table {@code index}, or of one with its columns. */
  static IndexRow row(Row row, IndexColumns columns) {
    Map<String, Object> attributes = new HashMap<>();
    for (String name : columns.attributes().keySet()) {
      Object value = row.getAs(name);
      if (value != null) {
        attributes.put(name, value);
      }
    }
    return new IndexRow(
        key(row),
        row.getAs("location"),
        Optional.ofNullable(row.getAs("description")),
        attributes,
        VectorBytes.decode(row.<byte[]>getAs("vector")));
  }

  static ImageKey key(Row row) {
    return new ImageKey(row.getAs("dataset"), row.getAs("category"), row.getAs("id"));
  }

  /** A table of Parquet or of JSON lines. */
  static Dataset<Row> read(SparkSession spark, String place) {
    String lower = place.toLowerCase(Locale.ROOT);
    try {
      Path path = new Path(place);
      path.getFileSystem(spark.sparkContext().hadoopConfiguration()).getFileStatus(path);
      return lower.endsWith(".json") || lower.endsWith(".jsonl")
          ? spark.read().json(place)
          : spark.read().parquet(place);
    } catch (Exception e) { // Spark throws checked ones that it does not declare
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot read the table %s: %s. Give a Parquet file or folder, or JSON lines in a file"
              + " that ends in .jsonl.",
          place,
          e.getMessage());
    }
  }

  /** What tells two states of a table apart: names, lengths and times of its files. */
  static List<String> state(Configuration hadoop, String place) {
    if (place.isBlank()) {
      return List.of();
    }
    Path path = new Path(place);
    try {
      List<String> state = new ArrayList<>();
      FileStatus[] files = path.getFileSystem(hadoop).listStatus(path);
      for (FileStatus file : files) {
        state.add(file.getPath() + " " + file.getLen() + " " + file.getModificationTime());
      }
      return state.stream().sorted().toList();
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot look at the table %s: %s. Check that the place can be reached.",
          place,
          e.getMessage());
    }
  }

  /** The attributes of a table: all columns but those of the key, the vector and what describes. */
  static IndexColumns columns(Dataset<Row> table) {
    Map<String, IndexColumns.Kind> attributes = new LinkedHashMap<>();
    for (StructField field : table.schema().fields()) {
      if (!KEY.contains(field.name())) {
        attributes.put(field.name(), kind(field));
      }
    }
    return new IndexColumns(attributes);
  }

  private static IndexColumns.Kind kind(StructField field) {
    DataType type = field.dataType();
    if (type instanceof StringType) {
      return IndexColumns.Kind.STRING;
    }
    if (type instanceof LongType || type instanceof IntegerType || type instanceof ShortType) {
      return IndexColumns.Kind.BIGINT;
    }
    if (type instanceof DoubleType || type instanceof FloatType || type instanceof DecimalType) {
      return IndexColumns.Kind.DOUBLE;
    }
    if (type instanceof BooleanType) {
      return IndexColumns.Kind.BOOLEAN;
    }
    throw new WeftException(
        ExitCode.CONFIG,
        "Cannot index the attribute %s: its type is %s, and an attribute is a text, a number or a"
            + " boolean. Leave the column out of index.attributes, or convert it.",
        field.name(),
        type.sql());
  }

  /** Rows with the attributes of a table of {@link #columns}; null where it does not have a row. */
  static Dataset<Row> withAttributes(
      Dataset<Row> rows, Dataset<Row> table, IndexColumns columns, String place) {
    List<String> keys = KEY.stream().filter(Arrays.asList(table.columns())::contains).toList();
    if (!keys.contains("id")) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot use the attributes %s: the table has the columns %s and no column id. Name the"
              + " column with the image ids so.",
          place,
          Arrays.toString(table.columns()));
    }
    Column[] by = keys.stream().map(functions::col).toArray(Column[]::new);
    List<Row> repeated = table.groupBy(by).count().where("count > 1").limit(1).collectAsList();
    if (!repeated.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot use the attributes %s: they have %s more than once. Keep one row per image.",
          place,
          repeated.get(0));
    }
    List<Column> chosen = new ArrayList<>(Arrays.asList(by));
    columns
        .attributes()
        .forEach((name, kind) -> chosen.add(functions.col(name).cast(kind.name()).as(name)));
    return rows.join(
        table.select(chosen.toArray(Column[]::new)), keys.toArray(String[]::new), "left_outer");
  }
}
