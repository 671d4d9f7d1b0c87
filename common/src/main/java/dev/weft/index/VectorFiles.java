package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileRange;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The vectors of N rows where they lie: in the Parquet files of an index, uncompressed, each read
 * by itself. Memory: 8 N bytes for the places.
 *
 * <p>Filled by {@link #place}, from several threads if they set different rows; not changed
 * afterwards, and then safe to share between threads until {@link #close}.
 */
final class VectorFiles implements AutoCloseable {
  private static final int FILE_SHIFT = 44; // 16 TiB in a file, half a million files

  private final List<Path> paths;
  private final List<FSDataInputStream> files = new ArrayList<>();
  private final long[] places;
  private final int width;

  /** Receives vectors. */
  @FunctionalInterface
  interface Visitor {
    /**
     * One of them.
     *
     * @param i the how manieth row that was asked for
     * @param vector {@code [D]}; used again for the next
     */
    void visit(int i, float[] vector);
  }

  /**
   * Opens the files.
   *
   * @param paths of all files of the index
   * @param size N
   * @param width D
   */
  VectorFiles(Configuration hadoop, List<Path> paths, int size, int width) {
    this.paths = paths;
    this.width = width;
    places = new long[size];
    for (Path path : paths) {
      try {
        FileSystem system = path.getFileSystem(hadoop);
        files.add((system instanceof LocalFileSystem local ? local.getRaw() : system).open(path));
      } catch (IOException e) {
        close();
        throw failed(path, e);
      }
    }
  }

  /** States where the vector of a row lies. */
  void place(int row, int file, long offset) {
    places[row] = ((long) file << FILE_SHIFT) | offset;
  }

  /** Bytes of memory. */
  long bytes() {
    return 8L * places.length;
  }

  /** Reads the vectors of the first {@code count} rows of an array, file by file in one request. */
  void read(int[] rows, int count, Visitor visitor) {
    TreeMap<Integer, List<Integer>> byFile = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      byFile
          .computeIfAbsent((int) (places[rows[i]] >>> FILE_SHIFT), any -> new ArrayList<>())
          .add(i);
    }
    float[] vector = new float[width];
    byFile.forEach(
        (file, some) -> {
          List<FileRange> ranges = new ArrayList<>(some.size());
          for (int i : some) {
            long offset = places[rows[i]] & ((1L << FILE_SHIFT) - 1);
            ranges.add(FileRange.createFileRange(offset, 4 * width));
          }
          try {
            files.get(file).readVectored(ranges, ByteBuffer::allocate);
            for (int r = 0; r < ranges.size(); r++) {
              CompletableFuture<ByteBuffer> data = ranges.get(r).getData();
              data.join().order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().get(vector);
              visitor.visit(some.get(r), vector);
            }
          } catch (IOException | RuntimeException e) {
            throw failed(paths.get(file), e);
          }
        });
  }

  private static WeftException failed(Path path, Exception cause) {
    return new WeftException(
        cause,
        ExitCode.IO,
        "Cannot read vectors from the index file %s: %s. Check that it can be reached and has not"
            + " been vacuumed, then open the index again.",
        path,
        cause);
  }

  @Override
  public void close() {
    for (FSDataInputStream file : files) {
      try {
        file.close();
      } catch (IOException e) {
        // Only read from: nothing is lost.
      }
    }
  }
}
