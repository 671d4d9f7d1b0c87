package dev.weft.jobs.align;

import dev.weft.encode.Projection;
import dev.weft.evaluate.CrossModalRecall;
import dev.weft.ingest.ImageKey;
import dev.weft.jobs.encode.ImageVectors;
import dev.weft.jobs.encode.StoredImage;
import dev.weft.rank.Gallery;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;

/** Measures how well a trained encoder finds an image by its description. */
final class TextToImage {
  private static final List<Integer> CUTOFFS = List.of(1, 10, 50);

  private TextToImage() {}

  /**
   * Text-to-image recall among some described images.
   *
   * @param images at least one
   * @param encoding encodes them, in tasks
   * @param towerVectors of their descriptions, by the frozen text tower
   * @param projection the trained part of the text tower
   * @return {@code R@K} to the share of images found, 0 to 1
   */
  static Map<String, Double> recall(
      JavaSparkContext context,
      List<DescribedImage> images,
      ImageVectors encoding,
      Map<String, float[]> towerVectors,
      Projection projection) {
    List<StoredImage> stored = images.stream().map(DescribedImage::image).toList();
    int tasks = ImageVectors.tasks(stored.size(), context.defaultParallelism());
    List<ImageVectors.Encoded> encoded =
        context.parallelize(stored, tasks).mapPartitions(encoding).collect();
    Map<ImageKey, String> descriptions = new HashMap<>();
    Map<String, float[]> texts = new HashMap<>();
    for (DescribedImage image : images) {
      descriptions.put(image.image().key(), image.description());
      texts.computeIfAbsent(image.description(), text -> projection.apply(towerVectors.get(text)));
    }
    Gallery.Builder gallery = Gallery.builder(projection.dimension());
    encoded.forEach(image -> gallery.add(image.image().key(), image.vector()));
    try (Gallery candidates = gallery.build()) {
      return CrossModalRecall.textToImage(candidates, descriptions, texts, CUTOFFS);
    }
  }
}
