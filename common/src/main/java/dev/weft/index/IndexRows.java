package dev.weft.index;

import dev.weft.ingest.ImageKey;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.io.api.Binary;

/**
 * The rows of one file of an index, as they lie in it.
 *
 * @param file where it is
 * @param columns of the index
 */
public record IndexRows(IndexFileReader file, IndexColumns columns) {

  /**
   * A row and its place.
   *
   * @param cell number of its cell
   */
  public record Stored(IndexRow row, int cell) {}

  /** The files of an index. */
  public static List<IndexRows> of(Configuration hadoop, Snapshot index) {
    IndexColumns columns = columns(index);
    return index.files(IndexLayout.TABLE).stream()
        .map(path -> new IndexRows(new IndexFileReader(hadoop, path), columns))
        .toList();
  }

  /** The columns of an index. */
  public static IndexColumns columns(Snapshot index) {
    return IndexColumns.of(index.manifest().schemas().get(IndexLayout.TABLE));
  }

  /** Reads the rows of some cells, or all. */
  public void read(Optional<Set<Integer>> cells, Consumer<Stored> rows) {
    List<String> wanted =
        new ArrayList<>(
            List.of("id", "dataset", "category", "location", "description", "cell", "vector"));
    wanted.addAll(columns.attributes().keySet());
    values(
        wanted,
        cells,
        values -> {
          int cell = (Integer) values[5];
          if (cells.isPresent() && !cells.get().contains(cell)) {
            return;
          }
          Map<String, Object> attributes = new HashMap<>();
          for (int i = 7; i < values.length; i++) {
            if (values[i] != null) {
              attributes.put(wanted.get(i), plain(values[i]));
            }
          }
          rows.accept(
              new Stored(
                  new IndexRow(
                      key(values),
                      text(values[3]),
                      Optional.ofNullable(values[4]).map(IndexRows::text),
                      attributes,
                      VectorBytes.decode(((Binary) values[6]).getBytes())),
                  cell));
        });
  }

  /** The keys of all rows. */
  Set<ImageKey> keys() {
    Set<ImageKey> keys = new HashSet<>();
    values(List.of("id", "dataset", "category"), Optional.empty(), values -> keys.add(key(values)));
    return keys;
  }

  /** Adds how many rows each cell has. */
  void countCells(long[] counts) {
    values(List.of("cell"), Optional.empty(), values -> counts[(Integer) values[0]]++);
  }

  private static ImageKey key(Object[] values) {
    return new ImageKey(text(values[1]), text(values[2]), text(values[0]));
  }

  private static Object plain(Object value) {
    return value instanceof Binary ? text(value) : value;
  }

  private static String text(Object value) {
    return ((Binary) value).toStringUsingUTF8();
  }

  private void values(List<String> wanted, Optional<Set<Integer>> cells, Consumer<Object[]> rows) {
    for (IndexFileReader.Part part : file.parts()) {
      file.read(part, columns.schema(), wanted, cells, (number, values) -> rows.accept(values));
    }
  }
}
