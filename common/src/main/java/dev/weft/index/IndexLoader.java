package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.ByteProduct;
import dev.weft.compute.Workers;
import dev.weft.store.Snapshot;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;

/**
 * Reads an index into memory, the row groups of its files in parallel. A first pass over the column
 * {@code cell} says where each row goes, so that the rows of a cell lie together however many files
 * they come from.
 */
final class IndexLoader {
  private static final byte[] NOTHING = {};

  private final Configuration hadoop;
  private final Snapshot snapshot;
  private final VectorIndex.Scope scope;
  private final IndexContract contract;
  private final IndexLayout layout;
  private final IndexColumns columns;
  private final MessageType schema;

  /** A row group and where its rows go. */
  private static final class Group {
    private final IndexFileReader file;
    private final IndexFileReader.Part part;
    private int[] cells = new int[0];
    private int[] places = new int[0];

    Group(IndexFileReader file, IndexFileReader.Part part) {
      this.file = file;
      this.part = part;
    }
  }

  IndexLoader(Configuration hadoop, Snapshot snapshot, VectorIndex.Scope scope) {
    this.hadoop = hadoop;
    this.snapshot = snapshot;
    this.scope = scope;
    contract = IndexLayout.contract(snapshot);
    layout = IndexLayout.of(snapshot);
    columns = IndexColumns.of(snapshot.manifest().schemas().get(IndexLayout.TABLE));
    schema = columns.schema();
  }

  VectorIndex load(Workers workers) {
    List<Group> groups = groups();
    workers.run(groups.size(), (worker, piece) -> readCells(groups.get(piece)));
    int[] starts = new int[layout.cells() + 1];
    for (Group group : groups) {
      for (int cell : group.cells) {
        starts[cell + 1]++;
      }
    }
    for (int cell = 0; cell < layout.cells(); cell++) {
      starts[cell + 1] = Math.addExact(starts[cell + 1], starts[cell]);
    }
    int[] next = Arrays.copyOf(starts, layout.cells());
    for (Group group : groups) {
      group.places = Arrays.stream(group.cells).map(cell -> next[cell]++).toArray();
    }
    int size = starts[layout.cells()];
    VectorBlocks rows = new VectorBlocks(contract.width(), size);
    KeyTable.Builder keys = new KeyTable.Builder(size);
    Attributes attributes = new Attributes(columns.attributes().keySet(), size);
    workers.run(
        groups.size(), (worker, piece) -> read(groups.get(piece), new Row(rows, keys, attributes)));
    return new VectorIndex(
        columns,
        IndexLayout.cells(snapshot),
        layout.probes(),
        new VectorIndex.Loaded(rows, built(keys), attributes),
        starts,
        workers);
  }

  private KeyTable built(KeyTable.Builder keys) {
    try {
      return keys.build();
    } catch (IllegalArgumentException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot open the index %s: %s. Build it again: scripts/weft index --force.",
          snapshot.path(),
          e.getMessage());
    }
  }

  private List<Group> groups() {
    List<Group> groups = new ArrayList<>();
    List<Path> files = snapshot.files(IndexLayout.TABLE);
    for (int number = 0; number < files.size(); number++) {
      if (scope.files().isEmpty() || scope.files().get().contains(number)) {
        IndexFileReader file = new IndexFileReader(hadoop, files.get(number));
        file.parts().forEach(part -> groups.add(new Group(file, part)));
      }
    }
    return groups;
  }

  private void readCells(Group group) {
    int[] cells = new int[(int) group.part.rows()];
    int[] count = new int[1];
    group.file.read(
        group.part,
        schema,
        List.of("cell"),
        scope.cells(),
        new IndexFileReader.Sink() {
          @Override
          public void begin() {}

          @Override
          public void value(int column, Object value) {
            int cell = (Integer) value;
            if (scope.cells().isEmpty() || scope.cells().get().contains(cell)) {
              cells[count[0]++] = cell;
            }
          }

          @Override
          public void end() {}
        },
        bytes -> {});
    group.cells = Arrays.copyOf(cells, count[0]);
  }

  private void read(Group group, Row row) {
    if (group.cells.length == 0) {
      return;
    }
    List<String> wanted =
        new ArrayList<>(
            List.of(
                "id", "dataset", "category", "location", "cell", "vector", "code", "description"));
    wanted.addAll(columns.attributes().keySet());
    row.places = group.places;
    row.wanted = wanted;
    row.cells = scope.cells();
    group.file.read(group.part, schema, wanted, scope.cells(), row, bytes -> {});
  }

  /** One row after the other. */
  private final class Row implements IndexFileReader.Sink {
    private final VectorBlocks rows;
    private final KeyTable.Builder keys;
    private final Attributes attributes;
    private final float[] vector = new float[contract.width()];
    private final byte[] code = new byte[contract.width()];
    private final Object[] values = new Object[8 + columns.attributes().size()];
    private List<String> wanted = List.of();
    private Optional<Set<Integer>> cells = Optional.empty();
    private int[] places = new int[0];
    private int next;

    Row(VectorBlocks rows, KeyTable.Builder keys, Attributes attributes) {
      this.rows = rows;
      this.keys = keys;
      this.attributes = attributes;
    }

    @Override
    public void begin() {
      Arrays.fill(values, null);
    }

    @Override
    public void value(int column, Object value) {
      values[column] = value;
    }

    @Override
    public void end() {
      if (cells.isPresent() && !cells.get().contains((Integer) values[4])) {
        return;
      }
      int row = places[next++];
      keys.set(row, text(values[1]), text(values[2]), ((Binary) values[0]).getBytes());
      keys.describe(
          row,
          ((Binary) values[3]).getBytes(),
          values[7] == null ? NOTHING : ((Binary) values[7]).getBytes());
      store(row, ((Binary) values[5]).toByteBuffer(), ((Binary) values[6]).toByteBuffer());
      for (int i = 8; i < values.length; i++) {
        Object value = values[i];
        if (value != null) {
          attributes.set(row, wanted.get(i), value instanceof Binary text ? text(text) : value);
        }
      }
    }

    private void store(int row, ByteBuffer floats, ByteBuffer bytes) {
      if (floats.remaining() != 4 * vector.length || bytes.remaining() != vector.length + 8) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot open the index %s: a vector has %d bytes and a code %d, where the width %d asks"
                + " for %d and %d. Build it again: scripts/weft index --force.",
            snapshot.path(),
            floats.remaining(),
            bytes.remaining(),
            vector.length,
            4 * vector.length,
            vector.length + 8);
      }
      floats.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
      bytes.get(code);
      for (int i = 0; i < code.length; i++) {
        code[i] ^= (byte) ByteProduct.ZERO;
      }
      bytes.order(ByteOrder.LITTLE_ENDIAN);
      float scale = bytes.getFloat();
      rows.put(row, vector, code, new RowCode(scale, bytes.getFloat()));
    }

    private String text(Object value) {
      return ((Binary) value).toStringUsingUTF8();
    }
  }
}
