package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.ByteProduct;
import dev.weft.compute.Workers;
import dev.weft.store.Snapshot;
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
 * they come from. Codes and vectors come straight from the pages they lie in, as long as nobody
 * compressed them.
 */
final class IndexLoader {
  private static final byte[] NOTHING = {};
  private static final String VECTOR = "vector";

  /** Read of every row, in this order; then the attributes. */
  private static final List<String> COLUMNS =
      List.of("id", "dataset", "category", "location", "cell", "description");

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
    private int[] numbers = new int[0]; // of the rows that are wanted, in the row group
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
        inMemory() ? Optional.empty() : Optional.of(vectorFiles(files, groups, size, workers));
    VectorBlocks rows = new VectorBlocks(contract.width(), size, vectors);
    KeyTable.Builder keys = new KeyTable.Builder(size);
    Attributes attributes = new Attributes(columns.attributes().keySet(), size);
    Rows target = new Rows(rows, keys, attributes);
    try {
      workers.run(groups.size(), (worker, piece) -> read(groups.get(piece), target));
      return new VectorIndex(
          columns,
          IndexLayout.cells(snapshot),
          layout.probes(),
          new VectorIndex.Loaded(rows, built(keys, workers), attributes),
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

  private VectorFiles vectorFiles(
      List<IndexFileReader> files, List<Group> groups, int size, Workers workers) {
    long[] places = new long[size];
    workers.run(
        groups.size(),
        (worker, piece) -> {
          Group group = groups.get(piece);
          if (group.numbers.length > 0) {
            long[] offsets = group.file.places(group.part, VECTOR, 4 * contract.width());
            for (int i = 0; i < group.places.length; i++) {
              places[group.places[i]] = VectorFiles.place(group.number, offsets[group.numbers[i]]);
            }
          }
        });
    return new VectorFiles(files, places, contract.width());
  }

  private KeyTable built(KeyTable.Builder keys, Workers workers) {
    try {
      return keys.build(workers);
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
    int[] numbers = new int[cells.length];
    int[] count = new int[1];
    group.file.read(
        group.part,
        schema,
        List.of("cell"),
        scope.cells(),
        (number, values) -> {
          int cell = (Integer) values[0];
          if (scope.cells().isEmpty() || scope.cells().get().contains(cell)) {
            numbers[count[0]] = number;
            cells[count[0]++] = cell;
          }
        });
    group.cells = Arrays.copyOf(cells, count[0]);
    group.numbers = Arrays.copyOf(numbers, count[0]);
  }

  /** Where rows go to. */
  private record Rows(VectorBlocks blocks, KeyTable.Builder keys, Attributes attributes) {}

  private void read(Group group, Rows target) {
    if (group.cells.length == 0) {
      return;
    }
    List<String> wanted = new ArrayList<>(COLUMNS);
    wanted.addAll(columns.attributes().keySet());
    group.file.read(group.part, schema, wanted, scope.cells(), new Row(group, target, wanted));
    readCodes(group, target.blocks());
    if (inMemory()) {
      readVectors(group, target.blocks());
    }
  }

  private void readCodes(Group group, VectorBlocks blocks) {
    byte[] code = new byte[contract.width()];
    int length = code.length + 2 * Float.BYTES;
    group.file.values(
        group.part,
        schema,
        "code",
        length,
        group.numbers,
        (i, bytes) -> {
          require("code", length, bytes.remaining());
          bytes.get(code);
          for (int k = 0; k < code.length; k++) {
            code[k] ^= (byte) ByteProduct.ZERO;
          }
          float scale = bytes.getFloat();
          blocks.putCode(group.places[i], code, new RowCode(scale, bytes.getFloat()));
        });
  }

  private void readVectors(Group group, VectorBlocks blocks) {
    float[] vector = new float[contract.width()];
    group.file.values(
        group.part,
        schema,
        VECTOR,
        4 * vector.length,
        group.numbers,
        (i, bytes) -> {
          require(VECTOR, 4 * vector.length, bytes.remaining());
          bytes.asFloatBuffer().get(vector);
          blocks.put(group.places[i], vector);
        });
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
          contract.width(),
          expected);
    }
  }

  /** One row after the other. */
  private final class Row implements IndexFileReader.Sink {
    private final Group group;
    private final Rows target;
    private final List<String> wanted;
    private Object dataset = NOTHING;
    private Object category = NOTHING;
    private KeyTable.Group named;
    private int next;

    Row(Group group, Rows target, List<String> wanted) {
      this.group = group;
      this.target = target;
      this.wanted = wanted;
    }

    @Override
    public void row(int number, Object[] values) {
      if (scope.cells().isPresent() && !scope.cells().get().contains((Integer) values[4])) {
        return;
      }
      int row = group.places[next++];
      if (dataset != values[1] || category != values[2]) { // a dictionary repeats its objects
        dataset = values[1];
        category = values[2];
        named = target.keys().group(text(dataset), text(category));
      }
      target.keys().set(row, named, ((Binary) values[0]).getBytes());
      target
          .keys()
          .describe(
              row,
              ((Binary) values[3]).getBytes(),
              values[5] == null ? NOTHING : ((Binary) values[5]).getBytes());
      for (int i = COLUMNS.size(); i < values.length; i++) {
        Object value = values[i];
        if (value != null) {
          target
              .attributes()
              .set(row, wanted.get(i), value instanceof Binary text ? text(text) : value);
        }
      }
    }

    private static String text(Object value) {
      return ((Binary) value).toStringUsingUTF8();
    }
  }
}
