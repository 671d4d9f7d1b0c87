package dev.weft.train;

import dev.weft.compute.MatrixProduct;
import dev.weft.compute.NativeVectors;
import dev.weft.train.HeadArchitecture.Mix;
import dev.weft.train.HeadArchitecture.Weighted;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Finds the weight of the weighted head: the one with the best recall at 10 on training rows.
 *
 * <p>At most 2,000 rows, drawn by the seed, are ranked against all distinct targets of the table,
 * for 21 weights from 0 to 1. The first caption form is used. Of equal weights the one nearest to
 * 0.5 wins.
 */
public final class TextWeightSearch {
  private static final int MOST_QUERIES = 2000;
  private static final int TILE = 250;
  private static final int CUT_OFF = 10;
  private static final int INTERVALS = 20;

  private TextWeightSearch() {}

  /**
   * The best weighted head.
   *
   * @param table the training rows
   * @param mix how the head goes from image to text
   * @param seed draws the rows when there are more than needed
   */
  public static Weighted search(TripletTable table, Mix mix, long seed) {
    int[] gallery = Arrays.stream(rows(table)).map(table::target).sorted().distinct().toArray();
    INDArray candidates =
        Nd4j.createUninitialized(DataType.FLOAT, gallery.length, table.dimension());
    table.gatherImages(gallery, candidates);
    int[] queries =
        new Batches(seed, table.rows(), Math.min(MOST_QUERIES, table.rows())).rows(0, 0);
    int[] found = new int[INTERVALS + 1];
    for (int from = 0; from < queries.length; from += TILE) {
      int[] tile = Arrays.copyOfRange(queries, from, Math.min(queries.length, from + TILE));
      addFound(table, mix, tile, gallery, candidates, found);
    }
    int best = INTERVALS / 2;
    for (int i = 0; i <= INTERVALS; i++) {
      boolean nearer = Math.abs(i - INTERVALS / 2) < Math.abs(best - INTERVALS / 2);
      if (found[i] > found[best] || (found[i] == found[best] && nearer)) {
        best = i;
      }
    }
    return weighted(table, mix, best);
  }

  private static Weighted weighted(TripletTable table, Mix mix, int index) {
    return new Weighted(table.dimension(), (double) index / INTERVALS, mix);
  }

  /** For each weight, counts the rows whose target is among the nearest. */
  private static void addFound(
      TripletTable table, Mix mix, int[] rows, int[] gallery, INDArray candidates, int[] found) {
    INDArray images = Nd4j.createUninitialized(DataType.FLOAT, rows.length, table.dimension());
    INDArray texts = Nd4j.createUninitialized(DataType.FLOAT, rows.length, table.dimension());
    table.gatherImages(Arrays.stream(rows).map(table::reference).toArray(), images);
    table.gatherTexts(Arrays.stream(rows).map(row -> table.caption(row, 0)).toArray(), texts);
    INDArray scores =
        Nd4j.createUninitialized(DataType.FLOAT, new long[] {gallery.length, rows.length}, 'f');
    float[] of = new float[gallery.length];
    for (int weight = 0; weight < found.length; weight++) {
      INDArray queries = new WeightedHead(weighted(table, mix, weight)).compose(images, texts);
      // [gallery, rows], in column order
      MatrixProduct.addSecondTransposed(candidates, queries, scores, 1, 0);
      FloatBuffer columns = NativeVectors.view(scores);
      for (int row : rows) {
        columns.get(of);
        float own = of[Arrays.binarySearch(gallery, table.target(row))];
        int better = 0;
        for (float score : of) {
          better += score > own ? 1 : 0;
        }
        found[weight] += better < CUT_OFF ? 1 : 0;
      }
    }
  }

  private static int[] rows(TripletTable table) {
    int[] rows = new int[table.rows()];
    Arrays.setAll(rows, i -> i);
    return rows;
  }
}
