package dev.weft.rank;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import dev.weft.ingest.ImageKey;
import dev.weft.store.VectorBytes;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * Candidate images and their vectors, N x D, ready to be multiplied.
 *
 * <p>Invariants: keys are distinct; every value is finite; row i of tile t is image {@code t * TILE
 * + i}; {@code place(row)} counts the images with a smaller key, so a tie between rows is a
 * comparison of two integers.
 *
 * <p>Vectors live outside the heap, about 4 N D bytes, until {@link #close}. Immutable, and safe to
 * share between threads.
 */
public final class Gallery implements AutoCloseable {
  /**
   * Rows of one tile: with 256 queries, scores of 4 MB, which stay in the cache of the processor.
   */
  static final int TILE = 4096;

  /** Squared length no vector reaches: products of shorter ones are far from overflow. */
  static final double LARGEST_SQUARE = 1e30;

  private final int width;
  private final List<ImageKey> keys;
  private final Map<ImageKey, Integer> rows;
  private final int[] places;
  private final List<Tile> tiles;
  private final double largestNorm;

  /**
   * Consecutive rows.
   *
   * @param vectors {@code [n, D]}, n at most {@link #TILE}
   * @param values the same memory, row after row
   */
  record Tile(INDArray vectors, FloatBuffer values) {}

  private Gallery(Builder builder) {
    width = builder.width;
    keys = List.copyOf(builder.keys);
    rows = Map.copyOf(builder.rows);
    places = places(keys);
    tiles = List.copyOf(builder.finished());
    largestNorm = Math.sqrt(builder.largestSquare);
  }

  private static int[] places(List<ImageKey> keys) {
    Integer[] sorted = new Integer[keys.size()];
    Arrays.setAll(sorted, row -> row);
    Arrays.sort(sorted, Comparator.comparing(keys::get));
    int[] places = new int[sorted.length];
    for (int place = 0; place < sorted.length; place++) {
      places[sorted[place]] = place;
    }
    return places;
  }

  /**
   * Starts an empty gallery.
   *
   * @param width D, the length of every vector, at least 1
   */
  public static Builder builder(int width) {
    return new Builder(width);
  }

  /** Number of images, N. */
  public int size() {
    return keys.size();
  }

  /** Length of a vector, D. */
  public int width() {
    return width;
  }

  /** Whether it holds the image. */
  public boolean contains(ImageKey image) {
    return rows.containsKey(image);
  }

  ImageKey key(int row) {
    return keys.get(row);
  }

  OptionalInt row(ImageKey image) {
    Integer row = rows.get(image);
    return row == null ? OptionalInt.empty() : OptionalInt.of(row);
  }

  int place(int row) {
    return places[row];
  }

  List<Tile> tiles() {
    return tiles;
  }

  double largestNorm() {
    return largestNorm;
  }

  /** Copies one vector to {@code target}, {@code [D]}. */
  void copyRow(int row, float[] target) {
    tiles.get(row / TILE).values().get(row % TILE * width, target, 0, width);
  }

  /** Frees the vectors. The gallery is not to be used any more. */
  @Override
  public void close() {
    tiles.forEach(tile -> tile.vectors().close());
  }

  /** Collects images in any order; their order does not change any answer. */
  public static final class Builder {
    private final int width;
    private final List<ImageKey> keys = new ArrayList<>();
    private final Map<ImageKey, Integer> rows = new HashMap<>();
    private final List<Tile> tiles = new ArrayList<>();
    private double largestSquare;

    private Builder(int width) {
      if (width < 1) {
        throw new IllegalArgumentException("a vector has at least one value, not " + width);
      }
      NativeBackend.load();
      this.width = width;
    }

    /**
     * Adds one image.
     *
     * @param vector {@code [D]}, finite
     */
    public Builder add(ImageKey image, float[] vector) {
      requireWidth(image, vector.length);
      double square = 0;
      for (float value : vector) {
        square += (double) value * value;
      }
      if (!(square < LARGEST_SQUARE)) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot rank the image %s: its vector holds a value that is not finite, or is no unit"
                + " vector by far. Encode the images again; if it comes back, the encoder's weights"
                + " are broken.",
            image);
      }
      int row = keys.size();
      if (rows.putIfAbsent(image, row) != null) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot build the gallery: the image %s is in it twice. Each (data set, category, id)"
                + " may stand in a gallery once.",
            image);
      }
      largestSquare = Math.max(largestSquare, square);
      keys.add(image);
      if (row % TILE == 0) {
        tiles.add(emptyTile());
      }
      tiles.get(row / TILE).values().put(row % TILE * width, vector);
      return this;
    }

    /**
     * Adds one image as the tables hold it.
     *
     * @param vector D little-endian float32 values
     */
    public Builder add(ImageKey image, byte[] vector) {
      return add(image, VectorBytes.decode(vector));
    }

    /** The gallery. The builder is not to be used any more. */
    public Gallery build() {
      return new Gallery(this);
    }

    private void requireWidth(ImageKey image, int found) {
      if (found != width) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot rank the image %s: its vector has %d values where %d are expected. All vectors"
                + " of a gallery must come from one encoder.",
            image,
            found,
            width);
      }
    }

    private Tile emptyTile() {
      INDArray vectors = Nd4j.createUninitialized(DataType.FLOAT, new long[] {TILE, width}, 'c');
      return new Tile(vectors, NativeVectors.view(vectors));
    }

    /** The last tile without its unused rows. */
    private List<Tile> finished() {
      int used = keys.size() % TILE;
      if (used != 0) {
        Tile last = tiles.remove(tiles.size() - 1);
        INDArray copy =
            last.vectors().get(NDArrayIndex.interval(0, used), NDArrayIndex.all()).dup('c');
        last.vectors().close();
        tiles.add(new Tile(copy, NativeVectors.view(copy)));
      }
      return tiles;
    }
  }
}
