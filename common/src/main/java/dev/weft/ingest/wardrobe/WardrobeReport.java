package dev.weft.ingest.wardrobe;

/**
 * What lies in a wardrobe's folder.
 *
 * @param drawn whether this call drew it; false where it was there already
 * @param folder where it lies
 * @param contents how much of what
 */
public record WardrobeReport(boolean drawn, String folder, Contents contents) {

  /**
   * How much of what a wardrobe holds.
   *
   * @param images FashionIQ-style images, all with a description
   * @param trainTriplets triplets of the train split
   * @param valTriplets triplets of the val split
   * @param testTriplets triplets of the test split
   * @param circoImages CIRCO-style images
   * @param circoValQueries CIRCO-style queries with published ground truths
   * @param circoTestQueries CIRCO-style queries without
   * @param valTwins other gallery images that show the same garment as a val triplet's target, on
   *     average: what keeps the best possible R@1 below 1 and, from about 10, R@10
   * @param groundTruthsPerQuery ground truths of a CIRCO val query, on average
   */
  public record Contents(
      int images,
      int trainTriplets,
      int valTriplets,
      int testTriplets,
      int circoImages,
      int circoValQueries,
      int circoTestQueries,
      double valTwins,
      double groundTruthsPerQuery) {}
}
