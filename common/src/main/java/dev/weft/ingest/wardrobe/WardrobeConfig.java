package dev.weft.ingest.wardrobe;

import dev.weft.config.Rules;

/**
 * Settings of the drawn data set, read from the {@code wardrobe.*} keys.
 *
 * @param enabled whether the pipeline draws it before ingest
 * @param folder where it is written, a path of any Hadoop file system
 * @param imageSize width and height of an image, pixels, 64 to 512
 * @param images FashionIQ-style images over all categories and splits, 120 to 5,000,000
 * @param trainTriplets triplets of the train split over all categories, at least 3
 * @param valTriplets triplets of the val split over all categories, at least 3
 * @param testTriplets triplets of the test split over all categories, at least 0
 * @param circoValQueries CIRCO-style queries with published ground truths, at least 0
 * @param circoTestQueries CIRCO-style queries without, at least 0
 * @param deliveredPercent how much of the train images is there already, 10 to 100; the triplets
 *     are those whose images are
 * @param seed seed of the drawing; equal settings give equal bytes on one Java version
 */
public record WardrobeConfig(
    boolean enabled,
    String folder,
    int imageSize,
    int images,
    int trainTriplets,
    int valTriplets,
    int testTriplets,
    int circoValQueries,
    int circoTestQueries,
    int deliveredPercent,
    long seed) {

  public WardrobeConfig {
    Rules.of("wardrobe")
        .require(!folder.isBlank(), "folder", folder, "must name a folder")
        .require(
            imageSize >= 64 && imageSize <= 512,
            "image-size",
            imageSize,
            "must be 64 to 512 pixels")
        .require(images >= 120 && images <= 5_000_000, "images", images, "must be 120 to 5,000,000")
        .require(
            trainTriplets >= 3,
            "train-triplets",
            trainTriplets,
            "must be at least 3, one a category")
        .require(
            valTriplets >= 3, "val-triplets", valTriplets, "must be at least 3, one a category")
        .require(testTriplets >= 0, "test-triplets", testTriplets, "must be at least 0")
        .require(circoValQueries >= 0, "circo-val-queries", circoValQueries, "must be at least 0")
        .require(
            circoTestQueries >= 0, "circo-test-queries", circoTestQueries, "must be at least 0")
        .require(
            deliveredPercent >= 10 && deliveredPercent <= 100,
            "delivered-percent",
            deliveredPercent,
            "must be 10 to 100")
        .enforce();
  }

  /** Images of the CIRCO-style gallery: a tenth of the others, yet enough to hold queries. */
  public int circoImages() {
    return Math.max(60, images / 10);
  }

  /** Images in all. */
  public int allImages() {
    return images + circoImages();
  }

  /** The triplets of a split over all categories. */
  int triplets(Split split) {
    return switch (split) {
      case TRAIN -> trainTriplets;
      case VAL -> valTriplets;
      case TEST -> testTriplets;
    };
  }
}
