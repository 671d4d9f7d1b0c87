package dev.weft.align;

import java.io.Serializable;
import java.util.List;

/**
 * What pass 1 makes of the rows of a slice, or of the whole batch.
 *
 * @param images unit vectors, {@code [B, D]} row by row; not copied
 * @param texts unit vectors, {@code [B, D]} row by row; not copied
 * @param descriptions of each row, B; rows with the same are no negatives of each other
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record Embeddings(float[] images, float[] texts, long[] descriptions)
    implements Serializable {

  public Embeddings {
    if (images.length != texts.length
        || (descriptions.length == 0 ? images.length : images.length % descriptions.length) != 0) {
      throw new IllegalArgumentException(
          descriptions.length
              + " rows cannot have "
              + images.length
              + " and "
              + texts.length
              + " numbers");
    }
  }

  /** B. */
  public int rows() {
    return descriptions.length;
  }

  /** All slices, one after the other. */
  public static Embeddings concatenate(List<Embeddings> slices) {
    int rows = slices.stream().mapToInt(Embeddings::rows).sum();
    int numbers = slices.stream().mapToInt(slice -> slice.images.length).sum();
    Embeddings all = new Embeddings(new float[numbers], new float[numbers], new long[rows]);
    int row = 0;
    int number = 0;
    for (Embeddings slice : slices) {
      System.arraycopy(slice.images, 0, all.images, number, slice.images.length);
      System.arraycopy(slice.texts, 0, all.texts, number, slice.texts.length);
      System.arraycopy(slice.descriptions, 0, all.descriptions, row, slice.rows());
      row += slice.rows();
      number += slice.images.length;
    }
    return all;
  }
}
