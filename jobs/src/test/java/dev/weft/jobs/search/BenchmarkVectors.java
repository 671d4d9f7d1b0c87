package dev.weft.jobs.search;

import dev.weft.compute.RandomKey;
import dev.weft.compute.Workers;
import dev.weft.store.VectorBytes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The vectors of a benchmark, drawn once and kept in a file that other programs read too: rows of D
 * little-endian float32 values.
 *
 * <p>They are unit vectors with cluster structure: {@code x = c + g} at unit length, where c is one
 * of N / 100 random unit vectors and g noise of length about 1. So the ten nearest of a vector come
 * from a crowd of a hundred that are all about as far away, and the crowd is spread over several
 * cells: a search in one cell finds a part of them only.
 */
final class BenchmarkVectors {
  static final int WIDTH = 512;
  private static final double NOISE = 1;
  private static final int PER_CLUSTER = 100;
  private static final int BLOCK = 4096;

  private BenchmarkVectors() {}

  /**
   * Draws a file of vectors, unless it is there.
   *
   * @param base how many vectors the clusters are for
   * @param stream another number draws others from the same clusters
   */
  static void make(Path file, int rows, int base, int stream, Workers workers) throws IOException {
    if (Files.exists(file) && Files.size(file) == 4L * WIDTH * rows) {
      return;
    }
    float[][] centres = new float[Math.max(1, base / PER_CLUSTER)][];
    workers.run(
        centres.length,
        (worker, i) ->
            centres[i] = unit(new float[WIDTH], new SplittableRandom(RandomKey.of(1, i)), 1));
    Path part = file.resolveSibling(file.getFileName() + ".part");
    try (FileChannel out =
        FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      workers.run(
          (rows + BLOCK - 1) / BLOCK,
          (worker, piece) -> {
            int from = piece * BLOCK;
            int to = Math.min(rows, from + BLOCK);
            ByteBuffer bytes = ByteBuffer.allocate(4 * WIDTH * (to - from));
            for (int row = from; row < to; row++) {
              SplittableRandom random = new SplittableRandom(RandomKey.of(2, stream, row));
              float[] centre = centres[random.nextInt(centres.length)].clone();
              bytes.put(VectorBytes.encode(unit(centre, random, NOISE)));
            }
            write(out, bytes.flip(), 4L * WIDTH * from);
          });
    }
    Files.move(part, file, StandardCopyOption.ATOMIC_MOVE);
  }

  private static void write(FileChannel out, ByteBuffer bytes, long position) {
    try {
      for (long at = position; bytes.hasRemaining(); ) {
        at += out.write(bytes, at);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static float[] unit(float[] vector, SplittableRandom random, double noise) {
    double square = 0;
    // The sum of four uniform numbers is near enough to a normal one.
    double scale = noise * Math.sqrt(3.0 / vector.length) / 65536;
    for (int i = 0; i < vector.length; i++) {
      long bits = random.nextLong();
      long sum = (bits & 65535) + ((bits >> 16) & 65535) + ((bits >> 32) & 65535) + (bits >>> 48);
      vector[i] += (float) ((int) (sum - 131070) * scale);
      square += vector[i] * vector[i];
    }
    float factor = (float) (1 / Math.sqrt(square));
    for (int i = 0; i < vector.length; i++) {
      vector[i] *= factor;
    }
    return vector;
  }

  /** All vectors of a file. */
  static List<float[]> read(Path file, Workers workers) throws IOException {
    try (FileChannel in = FileChannel.open(file)) {
      float[][] vectors = new float[(int) (in.size() / (4L * WIDTH))][];
      workers.run(
          (vectors.length + BLOCK - 1) / BLOCK,
          (worker, piece) -> {
            int from = piece * BLOCK;
            int to = Math.min(vectors.length, from + BLOCK);
            byte[] bytes = read(in, 4L * WIDTH * from, 4 * WIDTH * (to - from));
            for (int row = from; row < to; row++) {
              int at = 4 * WIDTH * (row - from);
              vectors[row] = VectorBytes.decode(Arrays.copyOfRange(bytes, at, at + 4 * WIDTH));
            }
          });
      return Arrays.asList(vectors);
    }
  }

  private static byte[] read(FileChannel in, long position, int length) {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    try {
      while (bytes.hasRemaining() && in.read(bytes, position + bytes.position()) >= 0) {
        // on
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.array();
  }
}
