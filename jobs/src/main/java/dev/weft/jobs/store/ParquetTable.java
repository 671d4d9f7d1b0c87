package dev.weft.jobs.store;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.store.FileEntry;
import dev.weft.store.HashingOutput;
import dev.weft.store.ParquetBuilder;
import java.io.IOException;
import java.io.Serializable;
import java.util.Collections;
import java.util.Iterator;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Writes one partition of a table as one Parquet file. Equal rows give equal bytes.
 *
 * @param table name of the table, for messages
 * @param schema its columns
 */
record ParquetTable(String table, StructType schema) implements Serializable {
  /** Small enough for a search to read only the groups it needs, large enough to scan fast. */
  private static final long ROW_GROUP_BYTES = 16L << 20;

  private static final int PAGE_BYTES = 1 << 20;

  /** Writes the rows, if there are any. */
  Iterator<FileEntry> write(
      Configuration hadoop, String folder, String fileName, Iterator<Row> rows) throws IOException {
    return rows.hasNext()
        ? Collections.singleton(writeAll(hadoop, folder, fileName, rows)).iterator()
        : Collections.emptyIterator();
  }

  /** Writes a file without rows, so that other readers find the columns. */
  FileEntry writeEmpty(Configuration hadoop, String folder, String fileName) throws IOException {
    return writeAll(hadoop, folder, fileName, Collections.emptyIterator());
  }

  private FileEntry writeAll(
      Configuration hadoop, String folder, String fileName, Iterator<Row> rows) throws IOException {
    HashingOutput file = HashingOutput.create(hadoop, new Path(folder), fileName);
    long count = 0;
    try (ParquetWriter<Row> writer = writer(hadoop, file)) {
      while (rows.hasNext()) {
        writer.write(rows.next());
        count++;
      }
    } finally {
      file.close(); // done already, unless a row was refused
    }
    return file.entry(table, count);
  }

  private ParquetWriter<Row> writer(Configuration hadoop, HashingOutput file) throws IOException {
    ParquetBuilder<Row> builder =
        new ParquetBuilder<>(file, new RowWriteSupport(table, schema))
            .withConf(hadoop)
            .withCompressionCodec(CompressionCodecName.ZSTD)
            .withRowGroupSize(ROW_GROUP_BYTES)
            .withPageSize(PAGE_BYTES);
    for (StructField field : schema.fields()) {
      if (field.dataType() instanceof BinaryType) {
        // Vectors hardly repeat and have no useful order: both only cost time and space.
        builder.withDictionaryEncoding(field.name(), false);
        builder.withStatisticsEnabled(field.name(), false);
      }
    }
    return builder.build();
  }

  /** The failure of a row that breaks the table's rules. */
  static WeftException broken(String table, String column, String what) {
    return new WeftException(
        ExitCode.BUG,
        "Cannot write the table %s: column %s %s. The stage that writes it is wrong; report it with"
            + " the command.",
        table,
        column,
        what);
  }
}
