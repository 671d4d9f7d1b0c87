package dev.weft.jobs.align;

import dev.weft.align.AlignConfig;
import dev.weft.align.AlignModel;
import dev.weft.align.AlignRow;
import dev.weft.jobs.encode.EncoderBundle;
import dev.weft.jobs.encode.ImageReader;
import dev.weft.jobs.encode.ImageVectors;
import dev.weft.jobs.encode.StoredImage;
import dev.weft.jobs.encode.TextTower;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Turns described images into training rows, in tasks: files into square pictures, or for adapters
 * into vectors of the frozen image tower; each distinct description into its vector of the frozen
 * text tower.
 *
 * @param context runs the tasks
 * @param images reads files
 * @param config settings of align
 * @param model what is trained
 * @param frozen the encoder that adapters are trained behind; none for the starter
 * @param batchSize images handed to it at once
 */
record TrainingReader(
    JavaSparkContext context,
    ImageReader images,
    AlignConfig config,
    AlignModel model,
    Optional<Broadcast<EncoderBundle>> frozen,
    int batchSize) {
  private static final int TEXTS_PER_TASK = 200;

  /** Pictures that come back from one job, bytes: below any {@code spark.driver.maxResultSize}. */
  private static final int BYTES_PER_JOB = 256 << 20;

  /** The distinct descriptions, sorted. */
  static List<String> descriptions(Stream<DescribedImage> images) {
    return images.map(DescribedImage::description).distinct().sorted().toList();
  }

  /**
   * Encodes texts.
   *
   * @param texts distinct
   * @return the vector of each
   */
  Map<String, float[]> vectors(List<String> texts) {
    int slots = context.defaultParallelism();
    int tasks = Math.max(slots, (texts.size() + TEXTS_PER_TASK - 1) / TEXTS_PER_TASK);
    JavaRDD<String> spread = context.parallelize(texts, tasks);
    List<float[]> vectors =
        frozen.isPresent()
            ? encode(spread, frozen.get()).collect()
            : spread.mapPartitions(TrainingReader::encode).collect();
    Map<String, float[]> byText = new HashMap<>();
    for (int i = 0; i < texts.size(); i++) {
      byText.put(texts.get(i), vectors.get(i));
    }
    return byText;
  }

  /** Static, so that a task gets these arguments and not the context. */
  private static JavaRDD<float[]> encode(JavaRDD<String> texts, Broadcast<EncoderBundle> frozen) {
    return texts.mapPartitions(
        part -> {
          List<String> list = new ArrayList<>();
          part.forEachRemaining(list::add);
          return List.of(frozen.value().open().texts(list)).iterator();
        });
  }

  private static Iterator<float[]> encode(Iterator<String> texts) {
    List<String> list = new ArrayList<>();
    texts.forEachRemaining(list::add);
    return List.of(TextTower.shared().encode(list)).iterator();
  }

  /**
   * Reads the rows of a training.
   *
   * @param run unique to the training
   * @param described its images; row n is image n
   * @param vectors of their descriptions
   * @param seed of the augmentation
   */
  BroadcastRows rows(
      String run, List<DescribedImage> described, Map<String, float[]> vectors, long seed) {
    List<String> descriptions = descriptions(described.stream());
    Map<String, Integer> numbers = new HashMap<>();
    descriptions.forEach(text -> numbers.put(text, numbers.size()));
    return new BroadcastRows(
        run,
        config,
        model,
        seed,
        seen(described.stream().map(DescribedImage::image).toList()),
        described.stream().mapToInt(image -> numbers.get(image.description())).toArray(),
        descriptions.stream().map(vectors::get).toArray(float[][]::new),
        descriptions.stream().mapToLong(AlignRow::descriptionKey).toArray());
  }

  private byte[][] seen(List<StoredImage> all) {
    if (frozen.isPresent()) {
      int tasks = ImageVectors.tasks(all.size(), context.defaultParallelism());
      return context
          .parallelize(all, tasks)
          .mapPartitions(new ImageVectors(images, frozen.get(), batchSize))
          .map(ImageVectors.Encoded::vector)
          .collect()
          .toArray(byte[][]::new);
    }
    int perJob = Math.max(1, BYTES_PER_JOB / BroadcastRows.pictureBytes(config));
    List<byte[]> pictures = new ArrayList<>(all.size());
    for (int from = 0; from < all.size(); from += perJob) {
      List<StoredImage> part = all.subList(from, Math.min(all.size(), from + perJob));
      pictures.addAll(pictures(context, images, config, new ArrayList<>(part)));
    }
    return pictures.toArray(byte[][]::new);
  }

  /** Static, so that a task gets these arguments and not the context. */
  private static List<byte[]> pictures(
      JavaSparkContext context, ImageReader reader, AlignConfig config, List<StoredImage> images) {
    return context
        .parallelize(images, ImageVectors.tasks(images.size(), context.defaultParallelism()))
        .map(image -> reader.read(image, OptionalInt.empty(), config.preprocessing()::square).rgb())
        .collect();
  }
}
