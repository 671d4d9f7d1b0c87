package dev.weft.rank;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.compute.MatrixProduct;
import dev.weft.compute.NativeVectors;
import dev.weft.ingest.ImageKey;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Ranks a gallery for many queries at once: every candidate is scored, none is skipped.
 *
 * <p>Dimensions: Q queries, N images, D width, K depth. The score of a pair is defined as its inner
 * product summed in float64 in a fixed order ({@link #score}) and rounded to float32. It depends on
 * the two vectors alone: not on the matrix library, the processor, the number of threads, or on
 * which other queries and images were there. So the merged answers of any parts of a gallery
 * ({@link Hit#merge}) are the answer of the whole, to the bit, ties included.
 *
 * <p>The work is done by float32 matrix products over tiles. A product of width D is within
 *
 * <pre>  slack = (D + 8) (2^-23 |q| max|g| + 2^-100)</pre>
 *
 * of the defined score: twice the bound of Higham, <em>Accuracy and Stability of Numerical
 * Algorithms</em>, 2nd edition 2002, section 3.1, which holds for every order of summation. Only
 * candidates within the slack of a decision, a few per query, are scored again by definition.
 *
 * <p>Memory: beside the gallery, two buffers of {@value Gallery#TILE} x 256 and 256 x D floats,
 * allocated once per call. Safe to call from any thread.
 */
public final class ExactSearch {
  private static final int QUERIES = 256;

  /** What one product may lose where a processor flushes tiny values to zero. */
  private static final double UNDERFLOW = 0x1p-100;

  private ExactSearch() {}

  /**
   * Ranks the gallery for every probe.
   *
   * @param gallery N images
   * @param probes Q queries of the gallery's width
   * @param depth K, the number of hits wanted per query, at least 1
   * @return one ranking per probe, in their order
   */
  public static List<Ranking> rank(Gallery gallery, List<Probe> probes, int depth) {
    if (depth < 1) {
      throw new IllegalArgumentException("a ranking has at least one place, not " + depth);
    }
    List<Scan> scans = new ArrayList<>(probes.size());
    for (int i = 0; i < probes.size(); i++) {
      scans.add(new Scan(gallery, probes.get(i), Math.min(depth, Math.max(1, gallery.size())), i));
    }
    int rows = Math.min(QUERIES, probes.size());
    if (rows > 0 && gallery.size() > 0) {
      int columns = Math.min(Gallery.TILE, gallery.size());
      INDArray queries = empty(rows, gallery.width());
      INDArray products = empty(rows, columns);
      for (int from = 0; from < scans.size(); from += QUERIES) {
        scan(
            gallery,
            scans.subList(from, Math.min(from + QUERIES, scans.size())),
            queries,
            products);
      }
      queries.close();
      products.close();
    }
    return scans.stream().map(Scan::ranking).toList();
  }

  /**
   * Ranks a few images of the gallery only, such as the image group of a CIRR query.
   *
   * @param query {@code [D]}
   * @param among the images to rank
   * @return all of them, best first
   */
  public static List<Hit> rankAmong(Gallery gallery, float[] query, Collection<ImageKey> among) {
    float[] row = new float[gallery.width()];
    List<Hit> hits = new ArrayList<>();
    for (ImageKey image : among) {
      int at =
          gallery
              .row(image)
              .orElseThrow(
                  () ->
                      new WeftException(
                          ExitCode.INPUT_MISSING,
                          "Cannot rank the image %s: the gallery of %d images does not have it."
                              + " Encode the data set's images again.",
                          image,
                          gallery.size()));
      gallery.copyRow(at, row);
      hits.add(new Hit(image, score(query, row)));
    }
    return hits.stream().sorted().toList();
  }

  /**
   * The score of a pair: four float64 sums over every fourth product, added as (0+1)+(2+3), rounded
   * to float32. Products of float32 values are exact in float64.
   */
  public static float score(float[] a, float[] b) {
    double sum0 = 0;
    double sum1 = 0;
    double sum2 = 0;
    double sum3 = 0;
    int whole = a.length & ~3;
    for (int i = 0; i < whole; i += 4) {
      sum0 += (double) a[i] * b[i];
      sum1 += (double) a[i + 1] * b[i + 1];
      sum2 += (double) a[i + 2] * b[i + 2];
      sum3 += (double) a[i + 3] * b[i + 3];
    }
    for (int i = whole; i < a.length; i++) {
      sum0 += (double) a[i] * b[i];
    }
    return (float) ((sum0 + sum1) + (sum2 + sum3)) + 0f; // -0 becomes 0
  }

  private static void scan(Gallery gallery, List<Scan> scans, INDArray queries, INDArray products) {
    int rows = scans.size();
    INDArray left = prefix(queries, rows, gallery.width(), 'c'); // [Q, D]
    FloatBuffer values = NativeVectors.view(queries);
    scans.forEach(scan -> values.put(scan.probe.vector()));

    float[] column = new float[Gallery.TILE];
    int first = 0;
    for (Gallery.Tile tile : gallery.tiles()) {
      int images = (int) tile.vectors().size(0);
      INDArray out = prefix(products, images, rows, 'f'); // [N, Q]: one query after the other
      MatrixProduct.addSecondTransposed(tile.vectors(), left, out, 1, 0);
      FloatBuffer scores = NativeVectors.view(products);
      for (int query = 0; query < rows; query++) {
        scores.get(query * images, column, 0, images);
        scans.get(query).take(column, images, first);
      }
      first += images;
    }
  }

  private static INDArray empty(int rows, int columns) {
    return Nd4j.createUninitialized(DataType.FLOAT, new long[] {rows, columns}, 'c');
  }

  /** The first {@code rows * columns} values of a buffer as a dense matrix. */
  private static INDArray prefix(INDArray buffer, int rows, int columns, char order) {
    long[] strides = order == 'c' ? new long[] {columns, 1} : new long[] {1, rows};
    return Nd4j.create(buffer.data(), new long[] {rows, columns}, strides, 0, order);
  }

  /** The ranking of one query in the making. */
  private static final class Scan {
    private final Gallery gallery;
    private final Probe probe;
    private final BestRows best;
    private final double slack;
    private final int[] excluded;
    private final float[] row;

    private final OptionalInt target;
    private final float targetScore;
    private final float surelyBefore;
    private final float surelyAfter;
    private int before;

    Scan(Gallery gallery, Probe probe, int depth, int position) {
      this.gallery = gallery;
      this.probe = probe;
      best =
          new BestRows(
              depth, (row, other) -> Integer.compare(gallery.place(row), gallery.place(other)));
      slack =
          (gallery.width() + 8)
              * (0x1p-23 * norm(probe, gallery, position) * gallery.largestNorm() + UNDERFLOW);
      row = new float[gallery.width()];
      excluded =
          probe.excluded().stream()
              .map(gallery::row)
              .filter(OptionalInt::isPresent)
              .mapToInt(OptionalInt::getAsInt)
              .toArray();
      target = targetRow(gallery, probe.target(), excluded);
      targetScore = target.isPresent() ? exact(target.getAsInt()) : Float.POSITIVE_INFINITY;
      surelyBefore = Math.nextUp((float) (targetScore + slack));
      surelyAfter = Math.nextDown((float) (targetScore - slack));
      if (target.isPresent()) {
        for (int image : excluded) {
          before -= precedesTarget(exact(image), image) ? 1 : 0;
        }
      }
    }

    /** Looks at the products of the query with {@code images} rows, of which the first is given. */
    void take(float[] products, int images, int first) {
      float bar = bar();
      for (int i = 0; i < images; i++) {
        if (!(products[i] < bar)) { // an overflow to NaN is looked at too
          offer(first + i);
          bar = bar();
        }
      }
      if (target.isPresent()) {
        count(products, images, first);
      }
    }

    private void count(float[] products, int images, int first) {
      for (int i = 0; i < images; i++) {
        if (products[i] > surelyBefore) {
          before++;
        } else if (!(products[i] < surelyAfter)) {
          before += precedesTarget(exact(first + i), first + i) ? 1 : 0;
        }
      }
    }

    Ranking ranking() {
      OptionalInt rank = target.isPresent() ? OptionalInt.of(before + 1) : OptionalInt.empty();
      BestRows.Ranked ranked = best.ranked();
      List<Hit> hits = new ArrayList<>(ranked.rows().length);
      for (int i = 0; i < ranked.rows().length; i++) {
        hits.add(new Hit(gallery.key(ranked.rows()[i]), ranked.scores()[i]));
      }
      return new Ranking(hits, rank, gallery.size() - excluded.length);
    }

    private float bar() {
      return Math.nextDown((float) (best.bar() - slack));
    }

    private void offer(int candidate) {
      for (int image : excluded) {
        if (image == candidate) {
          return;
        }
      }
      best.offer(candidate, exact(candidate));
    }

    private boolean precedesTarget(float score, int candidate) {
      return score > targetScore
          || (score == targetScore && gallery.place(candidate) < gallery.place(target.getAsInt()));
    }

    private float exact(int candidate) {
      gallery.copyRow(candidate, row);
      return score(probe.vector(), row);
    }

    private static OptionalInt targetRow(
        Gallery gallery, Optional<ImageKey> target, int[] excluded) {
      OptionalInt row = target.map(gallery::row).orElse(OptionalInt.empty());
      for (int image : excluded) {
        if (row.isPresent() && row.getAsInt() == image) {
          return OptionalInt.empty();
        }
      }
      return row;
    }

    private static double norm(Probe probe, Gallery gallery, int position) {
      if (probe.vector().length != gallery.width()) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot rank query %d: its vector has %d values, those of the gallery have %d. Query"
                + " and gallery must come from one encoder.",
            position,
            probe.vector().length,
            gallery.width());
      }
      double square = 0;
      for (float value : probe.vector()) {
        square += (double) value * value;
      }
      if (!(square < Gallery.LARGEST_SQUARE)) {
        throw new WeftException(
            ExitCode.INPUT_MISSING,
            "Cannot rank query %d: its vector holds a value that is not finite, or is no unit"
                + " vector by far. If the head was trained, its weights are broken: go back to an"
                + " earlier checkpoint.",
            position);
      }
      return Math.sqrt(square);
    }
  }
}
