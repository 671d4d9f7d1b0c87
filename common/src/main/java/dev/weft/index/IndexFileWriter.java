package dev.weft.index;

import dev.weft.store.FileEntry;
import dev.weft.store.HashingOutput;
import dev.weft.store.ParquetBuilder;
import dev.weft.store.VectorBytes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.api.WriteSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;

/**
 * Writes one Parquet file of an index. Rows come in the order of their cells; the file's statistics
 * then say which of its row groups and pages hold a cell, and a reader skips the others. Equal rows
 * give equal bytes. Memory: one row group, {@value #ROW_GROUP_BYTES} bytes.
 *
 * <p>Not compressed: unit vectors do not shrink by more than a twelfth, and a search opens an index
 * as fast as the bytes come.
 */
public final class IndexFileWriter implements AutoCloseable {
  private static final long ROW_GROUP_BYTES = 8L << 20;
  private static final int PAGE_BYTES = 256 << 10;

  private final HashingOutput file;
  private final ParquetWriter<Cell> writer;
  private long rows;
  private int lastCell;

  private record Cell(IndexRow row, int cell) {}

  /**
   * Begins a file.
   *
   * @param hadoop settings of the file system
   * @param folder of the attempt
   * @param name path of the new file inside the folder
   */
  public IndexFileWriter(Configuration hadoop, Path folder, String name, IndexColumns columns)
      throws IOException {
    file = HashingOutput.create(hadoop, folder, name);
    writer =
        new ParquetBuilder<>(file, new Rows(columns))
            .withConf(hadoop)
            .withCompressionCodec(CompressionCodecName.UNCOMPRESSED)
            .withRowGroupSize(ROW_GROUP_BYTES)
            .withPageSize(PAGE_BYTES)
            .withDictionaryEncoding("vector", false)
            .withDictionaryEncoding("code", false)
            .withDictionaryEncoding("id", false)
            .withDictionaryEncoding("cell", false)
            .withStatisticsEnabled("vector", false)
            .withStatisticsEnabled("code", false)
            .build();
  }

  /** Writes a row; cells never fall from one row to the next. */
  public void write(IndexRow row, int cell) throws IOException {
    if (cell < lastCell) {
      throw new IllegalArgumentException(
          "rows come in the order of their cells: " + cell + " after " + lastCell);
    }
    lastCell = cell;
    writer.write(new Cell(row, cell));
    rows++;
  }

  /** Rows written so far. */
  public long rows() {
    return rows;
  }

  /** Ends the file. */
  @Override
  public void close() throws IOException {
    try {
      writer.close();
    } finally {
      file.close(); // done already, unless the writer failed
    }
  }

  /** The finished file, for {@link dev.weft.store.Attempt#add}. */
  public FileEntry entry() {
    return file.entry(IndexLayout.TABLE, rows);
  }

  private static final class Rows extends WriteSupport<Cell> {
    private final IndexColumns columns;
    private RecordConsumer out;
    private byte[] code = new byte[0];
    private int column;

    Rows(IndexColumns columns) {
      this.columns = columns;
    }

    @Override
    @SuppressWarnings("deprecation") // deprecated, and abstract still
    public WriteContext init(Configuration ignored) {
      return new WriteContext(columns.schema(), Map.of());
    }

    @Override
    public void prepareForWrite(RecordConsumer consumer) {
      out = consumer;
    }

    @Override
    public void write(Cell cell) {
      IndexRow row = cell.row();
      column = 0;
      out.startMessage();
      field("id", row.key().id());
      field("dataset", row.key().dataset());
      field("category", row.key().category());
      field("location", row.location());
      if (row.description().isPresent()) {
        field("description", row.description().get());
      } else {
        column++;
      }
      field("cell", cell.cell());
      field("vector", VectorBytes.encode(row.vector()));
      field("code", code(row.vector()));
      columns
          .attributes()
          .keySet()
          .forEach(
              name -> {
                Object value = row.attributes().get(name);
                if (value != null) {
                  field(name, value);
                } else {
                  column++;
                }
              });
      out.endMessage();
    }

    /** The bytes of the column {@code code}: {@code data-schemas/index.ddl}. */
    private byte[] code(float[] vector) {
      if (code.length != vector.length) {
        code = new byte[vector.length];
      }
      RowCode made = RowCode.of(vector, RowCode.LIMIT, code);
      byte[] bytes = new byte[vector.length + 2 * Float.BYTES];
      ByteBuffer.wrap(bytes)
          .order(ByteOrder.LITTLE_ENDIAN)
          .put(code)
          .putFloat(made.scale())
          .putFloat(made.error());
      return bytes;
    }

    private void field(String name, Object value) {
      out.startField(name, column);
      if (value instanceof String text) {
        out.addBinary(Binary.fromString(text));
      } else if (value instanceof byte[] bytes) {
        out.addBinary(Binary.fromConstantByteArray(bytes));
      } else if (value instanceof Integer number) {
        out.addInteger(number);
      } else if (value instanceof Long number) {
        out.addLong(number);
      } else if (value instanceof Double number) {
        out.addDouble(number);
      } else {
        out.addBoolean((Boolean) value);
      }
      out.endField(name, column++);
    }
  }
}
