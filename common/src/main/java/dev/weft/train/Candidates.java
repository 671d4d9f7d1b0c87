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
}
