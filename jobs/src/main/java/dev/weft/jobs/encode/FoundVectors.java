package dev.weft.jobs.encode;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.encode.NpyHeader;
import dev.weft.store.VectorBytes;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.IOUtils;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;

/**
 * Named vectors of a folder to import, as they were found: not yet of unit length.
 *
 * @param rows the columns of the key, and {@code vector}
 * @param key the columns that name a row
 */
record FoundVectors(Dataset<Row> rows, List<String> key) {

  /** Rows of vectors, as bytes, under the names of a key. */
  static StructType schema(List<String> key) {
    StructType schema = new StructType();
    for (String part : key) {
      schema = schema.add(part, DataTypes.StringType, false);
    }
    return schema.add("vector", DataTypes.BinaryType, false);
  }

  /**
   * Looks into a folder of the form of {@code data-schemas/embeddings.md}.
   *
   * @param spark reads
   * @param files the file system of the folder
   * @param folder where
   * @param hadoop settings of the file systems
   */
  record Folder(
      SparkSession spark, FileSystem files, Path folder, SerializableConfiguration hadoop) {

    /**
     * The vectors of images or of texts.
     *
     * @param wanted the columns that name a row, the last of them indispensable
     * @throws IOException saying what is wrong with the files
     */
    FoundVectors vectors(String kind, List<String> wanted) throws IOException {
      Path matrix = new Path(folder, kind + ".npy");
      if (files.exists(matrix)) {
        Dataset<Row> keys = keys(new Path(folder, kind + ".jsonl"));
        List<String> key = key(kind, wanted, List.of(keys.columns()));
        return new FoundVectors(rows(matrix, key, kind), key);
      }
      Path parquet = new Path(folder, kind);
      if (files.exists(parquet)) {
        Dataset<Row> rows = spark.read().parquet(parquet.toString());
        return new FoundVectors(rows, key(kind, wanted, List.of(rows.columns())));
      }
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot import from %s: there is neither %s.npy with %s.jsonl nor %s/*.parquet."
              + " data-schemas/embeddings.md says what must be there.",
          folder,
          kind,
          kind,
          kind);
    }

    private Dataset<Row> keys(Path lines) throws IOException {
      if (!files.exists(lines)) {
        throw new IOException(lines.getName() + ", which names the rows of the matrix, is missing");
      }
      return spark.read().json(lines.toString());
    }

    /** Dataset and category may be left out where ids alone are unique. */
    private List<String> key(String kind, List<String> wanted, List<String> columns) {
      List<String> key = wanted.stream().filter(columns::contains).toList();
      if (!key.contains(wanted.get(wanted.size() - 1))) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot import from %s: the rows of %s have %s; needed is %s. data-schemas/embeddings.md"
                + " says what must be there.",
            folder,
            kind,
            columns,
            wanted);
      }
      return key;
    }

    /** The rows of a matrix under the names of its lines; each task reads its own part. */
    private Dataset<Row> rows(Path matrix, List<String> key, String kind) throws IOException {
      NpyHeader header;
      try (FSDataInputStream in = files.open(matrix)) {
        header = NpyHeader.read(in);
      } catch (IOException e) {
        throw new IOException(matrix.getName() + " cannot be read: " + e.getMessage(), e);
      }
      long length = files.getFileStatus(matrix).getLen();
      JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
      String keys = new Path(folder, kind + ".jsonl").toString();
      JavaRDD<String> named = context.textFile(keys, spark.sparkContext().defaultParallelism());
      long names = named.count();
      if (names != header.rows() || length != header.at(header.rows())) {
        throw new IOException(
            matrix.getName()
                + " says "
                + header.rows()
                + " rows of "
                + header.columns()
                + " numbers and has "
                + length
                + " bytes, "
                + kind
                + ".jsonl names "
                + names
                + " rows");
      }
      SerializableConfiguration settings = hadoop;
      String place = matrix.toString();
      JavaRDD<Row> rows =
          named
              .zipWithIndex()
              .mapPartitions(
                  part -> { // one row at a time: a part may be larger than the memory
                    Part reader = new Part(place, settings, header, key);
                    FSDataInputStream in = reader.open();
                    TaskCompletionListener close = over -> IOUtils.closeStream(in);
                    TaskContext.get().addTaskCompletionListener(close);
                    Iterable<scala.Tuple2<String, Long>> lines = () -> part;
                    return StreamSupport.stream(lines.spliterator(), /* parallel= */ false)
                        .map(line -> reader.row(in, line._1(), line._2()))
                        .iterator();
                  });
      return spark.createDataFrame(rows, schema(key));
    }
  }

  /** Reads rows of a matrix. */
  private record Part(
      String place, SerializableConfiguration hadoop, NpyHeader header, List<String> key)
      implements Serializable {
    FSDataInputStream open() throws IOException {
      Path path = new Path(place);
      return path.getFileSystem(hadoop.value()).open(path);
    }

    Row row(FSDataInputStream in, String line, long index) {
      try {
        if (in.getPos() != header.at(index)) {
          in.seek(header.at(index));
        }
        byte[] bytes = new byte[header.rowBytes()];
        in.readFully(bytes);
        JsonNode names = new ObjectMapper().readTree(line);
        List<Object> values = new ArrayList<>();
        for (String part : key) {
          values.add(names.path(part).asText());
        }
        values.add(VectorBytes.encode(header.vector(bytes)));
        return RowFactory.create(values.toArray());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
