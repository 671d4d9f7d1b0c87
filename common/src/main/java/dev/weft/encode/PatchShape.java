package dev.weft.encode;

/**
 * The sizes of a {@link PatchNetwork}.
 *
 * @param imageSize S, the side of the input, pixels; a multiple of the patch size
 * @param patchSize side of a patch, pixels
 * @param patchUnits width of a patch's features
 * @param hiddenUnits width of the hidden layer
 * @param dimension D, the width of the result
 */
public record PatchShape(
    int imageSize, int patchSize, int patchUnits, int hiddenUnits, int dimension) {

  public PatchShape {
    if (imageSize < 1
        || patchSize < 1
        || patchUnits < 1
        || hiddenUnits < 1
        || dimension < 1
        || imageSize % patchSize != 0) {
      throw new IllegalArgumentException(
          "a patch network needs positive sizes and an image size that its patch size divides,"
              + " found image size "
              + imageSize
              + " and patch size "
              + patchSize);
    }
  }

  /** P, the patches of an image. */
  public int patches() {
    return (imageSize / patchSize) * (imageSize / patchSize);
  }

  /** The numbers of a patch: three channels of each of its pixels. */
  public int patchLength() {
    return 3 * patchSize * patchSize;
  }

  /** Weights and biases of the three layers. */
  public int parameterCount() {
    int features = patches() * patchUnits;
    return (patchLength() + 1) * patchUnits
        + (features + 1) * hiddenUnits
        + (hiddenUnits + 1) * dimension;
  }

  /** The numbers of an image. */
  public int imageLength() {
    return 3 * imageSize * imageSize;
  }

  /**
   * Rearranges one image so that the numbers of a patch lie together, patches row by row.
   *
   * @param image interleaved, {@code [S, S, 3]}
   * @param into receives {@link #imageLength} numbers
   */
  void cut(float[] image, float[] into) {
    int across = imageSize / patchSize;
    int run = 3 * patchSize;
    int to = 0;
    for (int patch = 0; patch < patches(); patch++) {
      int top = patch / across * patchSize;
      int left = patch % across * patchSize;
      for (int y = 0; y < patchSize; y++) {
        System.arraycopy(image, 3 * ((top + y) * imageSize + left), into, to, run);
        to += run;
      }
    }
  }
}
