package dev.weft.index;

import dev.weft.compute.ByteProduct;
import dev.weft.compute.Permutation;
import dev.weft.compute.RandomKey;
import dev.weft.compute.Workers;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * A partition of the sphere into C cells: each vector belongs to the centroid it is most similar
 * to.
 *
 * <p>Trained by spherical k-means (Dhillon and Modha, "Concept Decompositions for Large Sparse Text
 * Data Using Clustering", Machine Learning 42, 2001) on a sample. Vectors are assigned by products
 * of 8-bit codes: a vector between two cells may land in either, which costs a search nothing that
 * it could notice, and the products are exact integers, so that equal input gives equal cells on
 * every processor.
 *
 * <p>Dimensions: S sample rows, C cells, D width. Immutable; safe to share between threads.
 */
public final class Cells {
  /** Codes of centroids stay below what every processor multiplies without overflow. */
  private static final int LIMIT = 64;

  private static final int ROWS = 1024;
  private static final int COLUMNS = 512;

  private final float[][] centroids;
  private final int width;

  /** The cells of these centroids, {@code [C][D]}, unit vectors; C at least 1. */
  public Cells(float[][] centroids) {
    if (centroids.length == 0) {
      throw new IllegalArgumentException("there is at least one cell");
    }
    this.centroids = Arrays.stream(centroids).map(float[]::clone).toArray(float[][]::new);
    width = centroids[0].length;
  }

  /** One cell for all vectors of a width. */
  public static Cells one(int width) {
    float[] centroid = new float[width];
    centroid[0] = 1;
    return new Cells(new float[][] {centroid});
  }

  /** Number of cells, C. */
  public int count() {
    return centroids.length;
  }

  /** D. */
  public int width() {
    return width;
  }

  /** A centroid, {@code [D]}; a copy. */
  public float[] centroid(int cell) {
    return centroids[cell].clone();
  }

  /** All centroids one after the other, {@code [C D]}. */
  public float[] flat() {
    float[] all = new float[centroids.length * width];
    for (int cell = 0; cell < centroids.length; cell++) {
      System.arraycopy(centroids[cell], 0, all, cell * width, width);
    }
    return all;
  }

  /** The cells of {@link #flat}. */
  public static Cells ofFlat(float[] values, int width) {
    float[][] centroids = new float[values.length / width][];
    Arrays.setAll(centroids, cell -> Arrays.copyOfRange(values, cell * width, (cell + 1) * width));
    return new Cells(centroids);
  }

  /**
   * Trains cells.
   *
   * @param sample S unit vectors, not changed
   * @param count C, at least 1; fewer cells come out of a smaller sample
   * @param iterations passes over the sample, at least 1
   * @param seed of the first centroids
   */
  public static Cells train(
      List<float[]> sample, int count, int iterations, long seed, Workers workers) {
    int cells = Math.min(count, sample.size());
    Permutation order = new Permutation(sample.size(), RandomKey.of(seed, cells));
    float[][] first = new float[cells][];
    Arrays.setAll(first, cell -> sample.get(order.apply(cell)));
    Cells trained = new Cells(first);
    for (int pass = 0; pass < iterations; pass++) {
      int[] assigned = trained.assign(sample, workers);
      trained = trained.moved(sample, assigned, RandomKey.of(seed, cells, pass), workers);
    }
    return trained;
  }

  /** The means of the members of each cell, at unit length. */
  private Cells moved(List<float[]> sample, int[] assigned, long key, Workers workers) {
    int[] starts = new int[count() + 1];
    for (int cell : assigned) {
      starts[cell + 1]++;
    }
    for (int cell = 0; cell < count(); cell++) {
      starts[cell + 1] += starts[cell];
    }
    int[] next = Arrays.copyOf(starts, count());
    int[] members = new int[assigned.length];
    for (int row = 0; row < assigned.length; row++) {
      members[next[assigned[row]]++] = row;
    }
    float[][] means = new float[count()][];
    workers.run(
        count(),
        (worker, cell) -> means[cell] = mean(sample, members, starts[cell], starts[cell + 1]));
    fillEmpty(means, sample, members, starts, key);
    return new Cells(means);
  }

  private float[] mean(List<float[]> sample, int[] members, int from, int to) {
    float[] sum = new float[width];
    for (int i = from; i < to; i++) {
      float[] row = sample.get(members[i]);
      for (int k = 0; k < width; k++) {
        sum[k] += row[k];
      }
    }
    double length = Math.sqrt(RowCode.square(sum));
    if (from == to || !(length > 0)) {
      return new float[0];
    }
    for (int k = 0; k < width; k++) {
      sum[k] = (float) (sum[k] / length);
    }
    return sum;
  }

  /** An empty cell takes a random member of one of the largest. */
  private static void fillEmpty(
      float[][] means, List<float[]> sample, int[] members, int[] starts, long key) {
    int[] largest =
        IntStream.range(0, means.length)
            .boxed()
            .sorted(
                (one, other) ->
                    Integer.compare(
                        starts[other + 1] - starts[other], starts[one + 1] - starts[one]))
            .mapToInt(Integer::intValue)
            .toArray();
    SplittableRandom random = new SplittableRandom(key);
    int turn = 0;
    for (int cell = 0; cell < means.length; cell++) {
      if (means[cell].length == 0) {
        int donor = largest[turn++ % largest.length];
        int size = Math.max(1, starts[donor + 1] - starts[donor]);
        means[cell] = sample.get(members[starts[donor] + random.nextInt(size)]);
      }
    }
  }

  /** The cell of each row. */
  public int[] assign(List<float[]> rows, Workers workers) {
    Codes codes = new Codes();
    int[] assigned = new int[rows.size()];
    Scratch[] scratch = new Scratch[workers.count()];
    workers.run(
        (rows.size() + ROWS - 1) / ROWS,
        (worker, piece) -> {
          if (scratch[worker] == null) {
            scratch[worker] = new Scratch();
          }
          int from = piece * ROWS;
          scratch[worker].assign(
              codes, rows.subList(from, Math.min(rows.size(), from + ROWS)), assigned, from);
        });
    return assigned;
  }

  /** The centroids' codes, as second matrices of products. */
  private final class Codes {
    private final ByteBuffer[] parts;
    private final float[] scales = new float[centroids.length];

    Codes() {
      parts = new ByteBuffer[(centroids.length + COLUMNS - 1) / COLUMNS];
      byte[] code = new byte[width];
      for (int part = 0; part < parts.length; part++) {
        int columns = columns(part);
        byte[] transposed = new byte[width * columns];
        for (int i = 0; i < columns; i++) {
          int cell = part * COLUMNS + i;
          scales[cell] = RowCode.of(centroids[cell], LIMIT, code).scale();
          for (int k = 0; k < width; k++) {
            transposed[k * columns + i] = code[k];
          }
        }
        parts[part] = direct(transposed.length).put(0, transposed);
      }
    }

    int columns(int part) {
      return Math.min(COLUMNS, centroids.length - part * COLUMNS);
    }
  }

  private final class Scratch {
    private final ByteBuffer first = direct(ROWS * width);
    private final ByteBuffer products = direct(4 * ROWS * COLUMNS);
    private final int[] line = new int[COLUMNS];
    private final byte[] code = new byte[width];
    private final float[] best = new float[ROWS];

    void assign(Codes codes, List<float[]> rows, int[] assigned, int offset) {
      for (int row = 0; row < rows.size(); row++) {
        RowCode.of(rows.get(row), RowCode.LIMIT, code);
        for (int k = 0; k < width; k++) {
          code[k] ^= (byte) ByteProduct.ZERO;
        }
        first.put(row * width, code);
      }
      Arrays.fill(best, Float.NEGATIVE_INFINITY);
      for (int part = 0; part < codes.parts.length; part++) {
        int columns = codes.columns(part);
        ByteProduct.multiply(
            first, codes.parts[part], products.asIntBuffer(), rows.size(), width, columns);
        for (int row = 0; row < rows.size(); row++) {
          products
              .slice(4 * row * columns, 4 * columns)
              .order(ByteOrder.nativeOrder())
              .asIntBuffer()
              .get(line, 0, columns);
          float greatest = best[row];
          int cell = -1;
          for (int i = 0; i < columns; i++) {
            float similarity = line[i] * codes.scales[part * COLUMNS + i];
            if (similarity > greatest) {
              greatest = similarity;
              cell = i;
            }
          }
          if (cell >= 0) {
            best[row] = greatest;
            assigned[offset + row] = part * COLUMNS + cell;
          }
        }
      }
    }
  }

  private static ByteBuffer direct(int bytes) {
    return ByteBuffer.allocateDirect(bytes).order(ByteOrder.nativeOrder());
  }
}
