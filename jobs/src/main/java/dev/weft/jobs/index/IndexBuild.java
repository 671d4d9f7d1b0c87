package dev.weft.jobs.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.Workers;
import dev.weft.index.Cells;
import dev.weft.index.IndexColumns;
import dev.weft.index.IndexFileWriter;
import dev.weft.ingest.ImageKey;
import dev.weft.store.Attempt;
import dev.weft.store.FileEntry;
import dev.weft.store.VectorBytes;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.apache.spark.Partitioner;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * Puts rows into cells and writes them as the files of an index. Memory of a task: a block of
 * {@value #BLOCK} rows, Spark's sort, which spills to disk, and one row group.
 */
final class IndexBuild {
  private static final int BLOCK = 1024;

  private IndexBuild() {}

  /**
   * What rows are sorted by, in code point order as UTF-8 has it.
   *
   * @param cell number of the cell
   */
  record Place(int cell, String dataset, String category, String id) implements Serializable {
    static final Comparator<Place> ORDER =
        (Comparator<Place> & Serializable)
            (one, other) -> {
              int cells = Integer.compare(one.cell, other.cell);
              return cells != 0 ? cells : one.key().compareTo(other.key());
            };

    ImageKey key() {
      return new ImageKey(dataset, category, id);
    }
  }

  /** Each row with its place. */
  static JavaPairRDD<Place, Row> placed(
      Dataset<Row> rows, Broadcast<float[]> centroids, int width) {
    return rows.toJavaRDD()
        .mapPartitionsToPair(
            partition -> {
              Cells cells = Cells.ofFlat(centroids.value(), width);
              Workers workers = new Workers(1); // runs on this thread
              return new Iterator<Tuple2<Place, Row>>() {
                private Iterator<Tuple2<Place, Row>> block = Collections.emptyIterator();

                @Override
                public boolean hasNext() {
                  if (!block.hasNext() && partition.hasNext()) {
                    block = place(partition, cells, workers).iterator();
                  }
                  return block.hasNext();
                }

                @Override
                public Tuple2<Place, Row> next() {
                  return block.next();
                }
              };
            });
  }

  private static List<Tuple2<Place, Row>> place(
      Iterator<Row> partition, Cells cells, Workers workers) {
    List<Row> rows = new ArrayList<>(BLOCK);
    List<float[]> vectors = new ArrayList<>(BLOCK);
    while (rows.size() < BLOCK && partition.hasNext()) {
      Row row = partition.next();
      rows.add(row);
      vectors.add(VectorBytes.decode(row.<byte[]>getAs("vector")));
    }
    int[] assigned = cells.count() == 1 ? new int[rows.size()] : cells.assign(vectors, workers);
    List<Tuple2<Place, Row>> placed = new ArrayList<>(rows.size());
    for (int i = 0; i < assigned.length; i++) {
      Row row = rows.get(i);
      placed.add(
          new Tuple2<>(
              new Place(assigned[i], row.getAs("dataset"), row.getAs("category"), row.getAs("id")),
              row));
    }
    return placed;
  }

  /** Number of rows in each cell. */
  static Map<Integer, Long> sizes(JavaPairRDD<Place, Row> placed) {
    return new TreeMap<>(
        placed
            .mapToPair(row -> new Tuple2<>(row._1().cell(), 1L))
            .reduceByKey(Long::sum)
            .collectAsMap());
  }

  /** Which file a row goes to: a run of cells, or where there is one cell, a hash of the key. */
  private static final class ByCell extends Partitioner {
    private static final long serialVersionUID = 1;

    private final int files;
    private final HashMap<Integer, Integer> fileOfCell = new HashMap<>();

    ByCell(int files, Map<Integer, Long> sizes) {
      this.files = files;
      long all = sizes.values().stream().mapToLong(Long::longValue).sum();
      long before = 0;
      if (sizes.size() > 1) {
        for (Map.Entry<Integer, Long> cell : sizes.entrySet()) {
          fileOfCell.put(cell.getKey(), (int) (before * files / all));
          before += cell.getValue();
        }
      }
    }

    @Override
    public int numPartitions() {
      return files;
    }

    @Override
    public int getPartition(Object key) {
      Place place = (Place) key;
      return fileOfCell.isEmpty()
          ? Math.floorMod((place.key().toString().hashCode() * 0x9e3779b1) >> 7, files)
          : fileOfCell.get(place.cell());
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof ByCell that
          && files == that.files
          && fileOfCell.equals(that.fileOfCell);
    }

    @Override
    public int hashCode() {
      return fileOfCell.hashCode() * 31 + files;
    }
  }

  /** Writes all rows. */
  static void write(
      JavaPairRDD<Place, Row> placed,
      Map<Integer, Long> sizes,
      int files,
      IndexColumns columns,
      JavaSparkContext context,
      Attempt attempt) {
    Broadcast<SerializableConfiguration> hadoop =
        context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
    String folder = attempt.folder().toString();
    Map<String, IndexColumns.Kind> attributes = new HashMap<>(columns.attributes());
    List<String> order = new ArrayList<>(columns.attributes().keySet());
    placed
        .repartitionAndSortWithinPartitions(new ByCell(files, sizes), Place.ORDER)
        .mapPartitions(
            rows ->
                write(hadoop.value(), folder, order, attributes, rows).stream().toList().iterator())
        .collect()
        .forEach(attempt::add);
    hadoop.destroy();
  }

  private static Optional<FileEntry> write(
      SerializableConfiguration hadoop,
      String folder,
      List<String> order,
      Map<String, IndexColumns.Kind> attributes,
      Iterator<Tuple2<Place, Row>> rows) {
    if (!rows.hasNext()) {
      return Optional.empty();
    }
    Map<String, IndexColumns.Kind> inOrder = new LinkedHashMap<>();
    order.forEach(name -> inOrder.put(name, attributes.get(name)));
    IndexColumns columns = new IndexColumns(inOrder);
    TaskContext task = TaskContext.get();
    String name =
        String.format(
            Locale.ROOT, "index-%05d-%d.parquet", task.partitionId(), task.taskAttemptId());
    try {
      IndexFileWriter writer = new IndexFileWriter(hadoop.value(), new Path(folder), name, columns);
      try (writer) {
        while (rows.hasNext()) {
          Tuple2<Place, Row> row = rows.next();
          writer.write(IndexTable.row(row._2(), columns), row._1().cell());
        }
      }
      return Optional.of(writer.entry());
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot write the index file %s in %s: %s. Check that the place can be reached and"
              + " written and has room, then run the same command again.",
          name,
          folder,
          e);
    }
  }
}
