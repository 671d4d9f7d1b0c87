package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.PrimitiveIterator;
import java.util.Set;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.HadoopReadOptions;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.column.page.PageReadStore;
import org.apache.parquet.filter2.compat.FilterCompat;
import org.apache.parquet.filter2.predicate.FilterApi;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.internal.column.columnindex.OffsetIndex;
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
  /** More bytes than a page has before its values. */
  private static final int LARGEST_HEADER = 1024;

  /** Encodings of a column whose values follow one another; the last two are of its levels. */
  private static final Set<String> AS_THEY_ARE = Set.of("PLAIN", "RLE", "BIT_PACKED");

  /** Receives rows. */
  @FunctionalInterface
  public interface Sink {
    /**
     * A row.
     *
     * @param number of the row in its row group
     * @param values one per column that was asked for: Binary, Integer, Long, Double, Boolean or
     *     null; the array is used again for the next row
     */
    void row(int number, Object[] values);
  }

  /**
   * A row group.
   *
   * @param footer what the file's says of it
   * @param rows how many
   */
  public record Part(ParquetMetadata footer, int rows) {}

  /** The row groups of the file. */
  public List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    HadoopInputFile file = file();
    try (ParquetFileReader reader =
        ParquetFileReader.open(file, HadoopReadOptions.builder(hadoop, path).build())) {
      for (BlockMetaData block : reader.getFooter().getBlocks()) {
        parts.add(
            new Part(
                new ParquetMetadata(reader.getFooter().getFileMetaData(), List.of(block)),
                Math.toIntExact(block.getRowCount())));
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
   */
  public void read(
      Part part,
      MessageType schema,
      List<String> columns,
      Optional<Set<Integer>> cells,
      Sink sink) {
    ParquetReadOptions.Builder options = HadoopReadOptions.builder(hadoop, path);
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
    try (ParquetFileReader reader = open(part, options)) {
      reader.setRequestedSchema(projection);
      while (true) {
        PageReadStore pages =
            cells.isPresent() ? reader.readNextFilteredRowGroup() : reader.readNextRowGroup();
        if (pages == null) {
          return;
        }
        Root root = new Root(columns.size());
        RecordReader<Root> rows =
            new ColumnIOFactory()
                .getColumnIO(projection)
                .getRecordReader(pages, new Materializer(root));
        PrimitiveIterator.OfLong numbers =
            pages.getRowIndexes().orElseGet(() -> LongStream.range(0, part.rows()).iterator());
        for (long row = 0; row < pages.getRowCount(); row++) {
          rows.read();
          sink.row((int) numbers.nextLong(), root.values);
        }
      }
    } catch (IOException | RuntimeException e) {
      throw failed(e);
    }
  }

  /**
   * Where the values of a column of equal lengths lie in the file.
   *
   * @param length bytes of each value
   * @return empty if the column is compressed or encoded, as only other writers do
   */
  Optional<PlainColumn> plain(Part part, String column, int length) {
    try (ParquetFileReader reader = open(part, HadoopReadOptions.builder(hadoop, path))) {
      ColumnChunkMetaData chunk =
          reader.getRowGroups().get(0).getColumns().stream()
              .filter(one -> one.getPath().toDotString().equals(column))
              .findAny()
              .orElseThrow();
      OffsetIndex pages = reader.readOffsetIndex(chunk);
      if (pages == null
          || chunk.getCodec() != CompressionCodecName.UNCOMPRESSED
          || !chunk.getEncodings().stream().map(Enum::name).allMatch(AS_THEY_ARE::contains)) {
        return Optional.empty();
      }
      int[] firsts = new int[pages.getPageCount()];
      long[] starts = new long[firsts.length];
      for (int page = 0; page < firsts.length; page++) {
        firsts[page] = (int) pages.getFirstRowIndex(page);
        int after = (int) pages.getLastRowIndex(page, part.rows()) + 1;
        long end = pages.getOffset(page) + pages.getCompressedPageSize(page);
        starts[page] = end - PlainColumn.stride(length) * (after - firsts[page]);
        long header = starts[page] - pages.getOffset(page);
        if (header <= 0 || header >= LARGEST_HEADER) {
          return Optional.empty();
        }
      }
      return Optional.of(new PlainColumn(firsts, starts, part.rows(), length));
    } catch (IOException | RuntimeException e) {
      throw failed(e);
    }
  }

  /**
   * As {@link #plain}, for who reads single values.
   *
   * @return offset of the value of each row of the row group
   * @throws WeftException if the column is compressed or encoded
   */
  long[] places(Part part, String column, int length) {
    return plain(part, column, length)
        .orElseThrow(
            () ->
                new WeftException(
                    ExitCode.INPUT_MISSING,
                    "Cannot leave the vectors of the index in its files: the column %s of %s is"
                        + " compressed or encoded, so single values cannot be read. Open it with"
                        + " the vectors in memory, or have Weft write it: scripts/weft"
                        + " change-index --compact.",
                    column,
                    path))
        .places();
  }

  /**
   * Reads the values of a column of equal lengths: as they lie in the file where they are plain.
   *
   * @param wanted rows of the row group, ascending
   * @param length bytes of each value
   */
  void values(
      Part part,
      MessageType schema,
      String column,
      int length,
      int[] wanted,
      PlainColumn.Visitor visitor) {
    Optional<PlainColumn> plain = plain(part, column, length);
    if (plain.isPresent()) {
      try (FSDataInputStream file = open()) {
        plain.get().read(file, wanted, visitor);
      } catch (IOException e) {
        throw failed(e);
      }
      return;
    }
    int[] next = new int[1];
    read(
        part,
        schema,
        List.of(column),
        Optional.empty(),
        (number, values) -> {
          if (next[0] < wanted.length && wanted[next[0]] == number) {
            ByteBuffer value = ((Binary) values[0]).toByteBuffer();
            visitor.visit(next[0]++, value.slice().order(ByteOrder.LITTLE_ENDIAN));
          }
        });
  }

  /** Opens the file; on the local disk without its checksums, which are the store's. */
  FSDataInputStream open() throws IOException {
    FileSystem system = path.getFileSystem(hadoop);
    return (system instanceof LocalFileSystem local ? local.getRaw() : system).open(path);
  }

  private HadoopInputFile file() {
    try {
      return HadoopInputFile.fromPath(path, hadoop);
    } catch (IOException e) {
      throw failed(e);
    }
  }

  /** A reader of one row group, without reading the footer again. */
  private ParquetFileReader open(Part part, ParquetReadOptions.Builder options) throws IOException {
    return new ParquetFileReader(hadoop, path, part.footer(), options.build(), file().newStream());
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
  private static final class Materializer extends RecordMaterializer<Root> {
    private final Root root;

    Materializer(Root root) {
      this.root = root;
    }

    @Override
    public Root getCurrentRecord() {
      return root;
    }

    @Override
    public GroupConverter getRootConverter() {
      return root;
    }
  }

  private static final class Root extends GroupConverter {
    private final Value[] converters;
    private final Object[] values;

    Root(int columns) {
      values = new Object[columns];
      converters = new Value[columns];
      Arrays.setAll(converters, column -> new Value(values, column));
    }

    @Override
    public Converter getConverter(int column) {
      return converters[column];
    }

    @Override
    public void start() {
      Arrays.fill(values, null); // a column without a value is not called
    }

    @Override
    public void end() {}
  }

  private static final class Value extends PrimitiveConverter {
    private final Object[] values;
    private final int column;

    Value(Object[] values, int column) {
      this.values = values;
      this.column = column;
    }

    @Override
    public void addBinary(Binary value) {
      values[column] = value;
    }

    @Override
    public void addInt(int value) {
      values[column] = value;
    }

    @Override
    public void addLong(long value) {
      values[column] = value;
    }

    @Override
    public void addDouble(double value) {
      values[column] = value;
    }

    @Override
    public void addBoolean(boolean value) {
      values[column] = value;
    }
  }
}
