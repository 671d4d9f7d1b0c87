package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.RecordReader;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.Converter;
import org.apache.parquet.io.api.GroupConverter;
import org.apache.parquet.io.api.PrimitiveConverter;
import org.apache.parquet.io.api.RecordMaterializer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/**
 * Reads parts of one Parquet file of an index, of some columns and, where cells are wanted, from
 * the pages that may hold them.
 *
 * @param hadoop settings of the file system
 * @param path of the file
 */
public record IndexFileReader(Configuration hadoop, Path path) {

  /** Receives the values of a row, column by column; a column without a value is not called. */
  public interface Sink {
    /** A row begins. */
    void begin();

    /** The value of a column: Binary, Integer, Long, Double or Boolean. */
    void value(int column, Object value);

    /** A row has ended. */
    void end();
  }

  /**
   * A row group.
   *
   * @param start of its bytes in the file
   * @param rows how many
   * @param first number of its first row in the file
   */
  public record Part(long start, long bytes, long rows, long first) {}

  /** The row groups of the file. */
  public List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    try (ParquetFileReader reader = open(ParquetReadOptions.builder())) {
      long first = 0;
      for (BlockMetaData block : reader.getFooter().getBlocks()) {
        parts.add(
            new Part(
                block.getStartingPos(), block.getCompressedSize(), block.getRowCount(), first));
        first += block.getRowCount();
      }
    } catch (IOException | RuntimeException e) {
      throw failed(e);
    }
    return parts;
  }

  /**
   * Reads a row group.
   *
   * @param columns to read, in the order of the schema
   * @param cells rows of other cells may be left out; empty for all rows
   * @param bytes is told how many bytes were read
   */
  public void read(
      Part part,
      MessageType schema,
      List<String> columns,
      Optional<Set<Integer>> cells,
      Sink sink,
      LongConsumer bytes) {
    ParquetReadOptions.Builder options = HadoopReadOptions.builder(hadoop, path);
    options.withRange(part.start(), part.start() + part.bytes());
    cells.ifPresent(
        wanted ->
            options
                .withRecordFilter(
                    FilterCompat.get(
                        FilterApi.in(FilterApi.intColumn("cell"), new HashSet<>(wanted))))
                .useColumnIndexFilter()
                .useStatsFilter());
    List<Type> wanted = columns.stream().map(schema::getType).toList();
    MessageType projection = new MessageType(schema.getName(), wanted);
    try (ParquetFileReader reader = open(options)) {
      reader.setRequestedSchema(projection);
      while (true) {
        PageReadStore pages =
            cells.isPresent() ? reader.readNextFilteredRowGroup() : reader.readNextRowGroup();
        if (pages == null) {
          return;
        }
        bytes.accept(part.bytes() / Math.max(1, part.rows()) * pages.getRowCount());
        RecordReader<Sink> records =
            new ColumnIOFactory()
                .getColumnIO(projection)
                .getRecordReader(pages, new Materializer(projection, sink));
        for (long row = 0; row < pages.getRowCount(); row++) {
          records.read();
        }
      }
    } catch (IOException | RuntimeException e) {
      throw failed(e);
    }
  }

  private ParquetFileReader open(ParquetReadOptions.Builder options) throws IOException {
    return ParquetFileReader.open(HadoopInputFile.fromPath(path, hadoop), options.build());
  }

  private WeftException failed(Exception cause) {
    if (cause instanceof WeftException weft) {
      return weft;
    }
    return new WeftException(
        cause,
        ExitCode.IO,
        "Cannot read the index file %s: %s. Restore it, roll the index back, or build it again:"
            + " scripts/weft index --force.",
        path,
        cause);
  }

  /** Hands values on without making objects of rows. */
  private static final class Materializer extends RecordMaterializer<Sink> {
    private final Root root;
    private final Sink sink;

    Materializer(MessageType schema, Sink sink) {
      this.sink = sink;
      root = new Root(schema, sink);
    }

    @Override
    public Sink getCurrentRecord() {
      return sink;
    }

    @Override
    public GroupConverter getRootConverter() {
      return root;
    }
  }

  private static final class Root extends GroupConverter {
    private final List<Value> values = new ArrayList<>();
    private final Sink sink;

    Root(MessageType schema, Sink sink) {
      this.sink = sink;
      for (int column = 0; column < schema.getFieldCount(); column++) {
        values.add(new Value(column, sink));
      }
    }

    @Override
    public Converter getConverter(int column) {
      return values.get(column);
    }

    @Override
    public void start() {
      sink.begin();
    }

    @Override
    public void end() {
      sink.end();
    }
  }

  private static final class Value extends PrimitiveConverter {
    private final int column;
    private final Sink sink;

    Value(int column, Sink sink) {
      this.column = column;
      this.sink = sink;
    }

    @Override
    public void addBinary(Binary value) {
      sink.value(column, value);
    }

    @Override
    public void addInt(int value) {
      sink.value(column, value);
    }

    @Override
    public void addLong(long value) {
      sink.value(column, value);
    }

    @Override
    public void addDouble(double value) {
      sink.value(column, value);
    }

    @Override
    public void addBoolean(boolean value) {
      sink.value(column, value);
    }
  }
}
