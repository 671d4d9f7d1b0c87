package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileRange;
import org.apache.hadoop.fs.Path;

/**
 * The vectors of N rows where they lie: in the Parquet files of an index, uncompressed, each read
 * by itself. Rows of a page that follow one another in memory too are a run, of which memory holds
 * the first row and its place: 12 bytes for some hundred rows.
 *
 * <p>Safe to share between threads until {@link #close}.
 */
final class VectorFiles implements AutoCloseable {
  private static final int FILE_SHIFT = 44; // 16 TiB in a file, half a million files

  private final List<Path> paths;
  private final List<FSDataInputStream> files = new ArrayList<>();
  private final int[] firsts; // row of each run
  private final long[] places; // of it
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
   * @param files of the index
   * @param places of the vector of each row, by {@link #place}
   * @param width D
   */
  VectorFiles(List<IndexFileReader> files, long[] places, int width) {
    this.paths = files.stream().map(IndexFileReader::path).toList();
    this.width = width;
    firsts =
        IntStream.range(0, places.length)
            .filter(row -> row == 0 || places[row] != places[row - 1] + stride())
            .toArray();
    this.places = Arrays.stream(firsts).mapToLong(row -> places[row]).toArray();
    for (IndexFileReader file : files) {
      try {
        this.files.add(file.open());
      } catch (IOException e) {
        close();
        throw failed(file.path(), e);
      }
    }
  }

  /** Where a vector lies, in one number. */
  static long place(int file, long offset) {
    return ((long) file << FILE_SHIFT) | offset;
  }

  private long place(int row) {
    int found = Arrays.binarySearch(firsts, row);
    int run = found < 0 ? -found - 2 : found;
    return places[run] + stride() * (row - firsts[run]);
  }

  private long stride() {
    return PlainColumn.stride(4 * width);
  }

  /** Bytes of memory. */
  long bytes() {
    return (4L + 8L) * firsts.length;
  }

  /** Reads the vectors of the first {@code count} rows of an array, file by file in one request. */
  void read(int[] rows, int count, Visitor visitor) {
    TreeMap<Integer, List<Integer>> byFile = new TreeMap<>();
    for (int i = 0; i < count; i++) {
      byFile
          .computeIfAbsent((int) (place(rows[i]) >>> FILE_SHIFT), any -> new ArrayList<>())
          .add(i);
    }
    float[] vector = new float[width];
    byFile.forEach(
        (file, some) -> {
          List<FileRange> ranges = new ArrayList<>(some.size());
          for (int i : some) {
            long offset = place(rows[i]) & ((1L << FILE_SHIFT) - 1);
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
