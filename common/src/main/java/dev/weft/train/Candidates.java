package dev.weft.train;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What every query of a step is compared with: the targets of the whole global batch, and after
 * them any further images that are negatives for all rows.
 *
 * <p>Dimensions: C = candidates, D = embedding width.
 */
final class Candidates {
  private static final int[] NONE = {};

  private final INDArray vectors; // [C, D]
  private final int[] images;
  private final Map<Integer, int[]> repeated = new HashMap<>();

  /**
   * @param vectors unit vectors, {@code [C, D]} in row order; held, not copied
   * @param images which image each candidate is, C numbers: equal numbers are the same image
   */
  Candidates(INDArray vectors, int[] images) {
    if (vectors.size(0) != images.length) {
      throw new IllegalArgumentException(
          vectors.size(0) + " candidate vectors but " + images.length + " image numbers");
    }
    this.vectors = vectors;
    this.images = images;
    Map<Integer, List<Integer>> positions = new HashMap<>();
    for (int i = 0; i < images.length; i++) {
      positions.computeIfAbsent(images[i], image -> new ArrayList<>()).add(i);
    }
    positions.forEach(
        (image, places) -> {
          if (places.size() > 1) {
            repeated.put(image, places.stream().mapToInt(Integer::intValue).toArray());
          }
        });
  }

  INDArray vectors() {
    return vectors;
  }

  int size() {
    return images.length;
  }

  int image(int position) {
    return images[position];
  }

  /**
   * All positions of the image at this position, itself included; empty if it is there only once.
   */
  int[] repeats(int position) {
    return repeated.getOrDefault(images[position], NONE);
  }

  /** The sum of the first vectors, D numbers. */
  double[] sum(int count) {
    return GraphHead.rows(vectors, 0, count).sum(0).toDoubleVector();
  }

  /** Adds a vector times a factor. */
  void add(int position, double factor, double[] target) {
    for (int d = 0; d < target.length; d++) {
      target[d] += factor * vectors.getDouble(position, d);
    }
  }

  /**
   * Rows for which a column counts: those of a batch without the other rows with the same target.
   *
   * @param batchRows B, the first candidates
   */
  int columnSize(int position, int batchRows) {
    int same = 0;
    for (int other : repeats(position)) {
      same += other != position && other < batchRows ? 1 : 0;
    }
    return batchRows - same;
  }

  /** The sum of the first B vectors, each divided by its {@link #columnSize}; D numbers. */
  double[] columnMean(int batchRows) {
    double[] mean = sum(batchRows);
    for (int d = 0; d < mean.length; d++) {
      mean[d] /= batchRows;
    }
    for (int position = 0; position < batchRows; position++) {
      int size = columnSize(position, batchRows);
      if (size != batchRows) {
        add(position, 1.0 / size - 1.0 / batchRows, mean);
      }
    }
    return mean;
  }
}
