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
  private static final String VECTOR = "vector";

  /** Read of every row, in this order; then the attributes and, into memory, the vector. */
  private static final List<String> COLUMNS =
      List.of("id", "dataset", "category", "location", "cell", "code", "description");

  private final Configuration hadoop;
  private final Snapshot snapshot;
  private final VectorIndex.Scope scope;
  private final IndexContract contract;
  private final IndexLayout layout;
  private final IndexColumns columns;
  private final MessageType schema;

  /** A row group and where its rows go. */
  private static final class Group {
    private final int number; // of the file, among those that are read
    private final IndexFileReader file;
    private final IndexFileReader.Part part;
    private int[] cells = new int[0];
    private int[] places = new int[0];

    Group(int number, IndexFileReader file, IndexFileReader.Part part) {
      this.number = number;
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
    List<IndexFileReader> files = files();
    List<Group> groups = new ArrayList<>();
    for (int file = 0; file < files.size(); file++) {
      for (IndexFileReader.Part part : files.get(file).parts()) {
        groups.add(new Group(file, files.get(file), part));
      }
    }
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
    Optional<VectorFiles> vectors =
        inMemory()
            ? Optional.empty()
            : Optional.of(
                new VectorFiles(
                    hadoop,
                    files.stream().map(IndexFileReader::path).toList(),
                    size,
                    contract.width()));
    VectorBlocks rows = new VectorBlocks(contract.width(), size, vectors);
    KeyTable.Builder keys = new KeyTable.Builder(size);
    Attributes attributes = new Attributes(columns.attributes().keySet(), size);
    Rows target = new Rows(rows, vectors, keys, attributes);
    try {
      workers.run(groups.size(), (worker, piece) -> read(groups.get(piece), target));
      return new VectorIndex(
          columns,
          IndexLayout.cells(snapshot),
          layout.probes(),
          new VectorIndex.Loaded(rows, built(keys), attributes),
          starts,
          workers);
    } catch (RuntimeException e) {
      rows.close();
      throw e;
    }
  }

  private boolean inMemory() {
    return scope.vectors() == VectorIndex.Vectors.IN_MEMORY;
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

  private List<IndexFileReader> files() {
    List<IndexFileReader> files = new ArrayList<>();
    List<Path> paths = snapshot.files(IndexLayout.TABLE);
    for (int number = 0; number < paths.size(); number++) {
      if (scope.files().isEmpty() || scope.files().get().contains(number)) {
        files.add(new IndexFileReader(hadoop, paths.get(number)));
      }
    }
    return files;
  }

  private void readCells(Group group) {
    int[] cells = new int[group.part.rows()];
    int[] count = new int[1];
    group.file.read(
        group.part,
        schema,
        List.of("cell"),
        scope.cells(),
        (number, values) -> {
          int cell = (Integer) values[0];
          if (scope.cells().isEmpty() || scope.cells().get().contains(cell)) {
            cells[count[0]++] = cell;
          }
        });
    group.cells = Arrays.copyOf(cells, count[0]);
  }

  /**
   * Where rows go to.
   *
   * @param files of the vectors, where they stay there
   */
  private record Rows(
      VectorBlocks blocks,
      Optional<VectorFiles> files,
      KeyTable.Builder keys,
      Attributes attributes) {}

  private void read(Group group, Rows target) {
    if (group.cells.length == 0) {
      return;
    }
    List<String> wanted = new ArrayList<>(COLUMNS);
    wanted.addAll(columns.attributes().keySet());
    long[] offsets = {};
    if (inMemory()) {
      wanted.add(VECTOR);
    } else {
      offsets = group.file.places(group.part, VECTOR, 4 * contract.width());
    }
    group.file.read(
        group.part, schema, wanted, scope.cells(), new Row(group, target, wanted, offsets));
  }

  /** One row after the other. */
  private final class Row implements IndexFileReader.Sink {
    private final Group group;
    private final Rows target;
    private final List<String> wanted;
    private final long[] offsets;
    private final float[] vector = new float[contract.width()];
    private final byte[] code = new byte[contract.width()];
    private int next;

    Row(Group group, Rows target, List<String> wanted, long[] offsets) {
      this.group = group;
      this.target = target;
      this.wanted = wanted;
      this.offsets = offsets;
    }

    @Override
    public void row(int number, Object[] values) {
      if (scope.cells().isPresent() && !scope.cells().get().contains((Integer) values[4])) {
        return;
      }
      int row = group.places[next++];
      target.keys().set(row, text(values[1]), text(values[2]), ((Binary) values[0]).getBytes());
      target
          .keys()
          .describe(
              row,
              ((Binary) values[3]).getBytes(),
              values[6] == null ? NOTHING : ((Binary) values[6]).getBytes());
      RowCode made = code(((Binary) values[5]).toByteBuffer());
      if (inMemory()) {
        target.blocks().put(row, vector(((Binary) values[values.length - 1])), code, made);
      } else {
        target.blocks().putCode(row, code, made);
        target.files().orElseThrow().place(row, group.number, offsets[number]);
      }
      for (int i = COLUMNS.size(); i < COLUMNS.size() + columns.attributes().size(); i++) {
        Object value = values[i];
        if (value != null) {
          target
              .attributes()
              .set(row, wanted.get(i), value instanceof Binary text ? text(text) : value);
        }
      }
    }

    private RowCode code(ByteBuffer bytes) {
      require("code", vector.length + 2 * Float.BYTES, bytes.remaining());
      bytes.get(code);
      for (int i = 0; i < code.length; i++) {
        code[i] ^= (byte) ByteProduct.ZERO;
      }
      bytes.order(ByteOrder.LITTLE_ENDIAN);
      float scale = bytes.getFloat();
      return new RowCode(scale, bytes.getFloat());
    }

    private float[] vector(Binary value) {
      ByteBuffer bytes = value.toByteBuffer();
      require(VECTOR, 4 * vector.length, bytes.remaining());
      bytes.order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
      return vector;
    }

    private void require(String column, int expected, int found) {
      if (found != expected) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot open the index %s: a %s has %d bytes, where the width %d asks for %d. Build it"
                + " again: scripts/weft index --force.",
            snapshot.path(),
            column,
            found,
            vector.length,
            expected);
      }
    }

    private String text(Object value) {
      return ((Binary) value).toStringUsingUTF8();
    }
  }
}
