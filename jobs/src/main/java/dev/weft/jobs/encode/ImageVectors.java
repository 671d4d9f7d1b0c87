package dev.weft.jobs.encode;

import dev.weft.encode.DualEncoder;
import dev.weft.ingest.RgbImage;
import dev.weft.store.VectorBytes;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;

/**
 * Encodes the images of a partition.
 *
 * @param reader reads them
 * @param bundle the encoder
 * @param batchSize images handed to the encoder at once, at most
 */
public record ImageVectors(ImageReader reader, Broadcast<EncoderBundle> bundle, int batchSize)
    implements FlatMapFunction<Iterator<StoredImage>, ImageVectors.Encoded>, Serializable {
  /** Images to a task: few enough to show progress and to lose little with a failing executor. */
  private static final int PER_TASK = 500;

  /** Pixels handed to the encoder at once: bounds the memory where it does not resize. */
  private static final long PIXELS = 16_000_000;

  /**
   * An image and its vector.
   *
   * @param image as ingest saw it
   * @param vector D little-endian float32, unit length
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  public record Encoded(StoredImage image, byte[] vector) implements Serializable {}

  /** How many tasks these images are worth. */
  public static int tasks(long images, int slots) {
    return Math.toIntExact(Math.max(slots, (images + PER_TASK - 1) / PER_TASK));
  }

  @Override
  public Iterator<Encoded> call(Iterator<StoredImage> images) {
    List<Encoded> encoded = new ArrayList<>();
    List<StoredImage> batch = new ArrayList<>();
    List<RgbImage> frames = new ArrayList<>();
    long pixels = 0;
    if (!images.hasNext()) {
      return encoded.iterator(); // and no model is loaded
    }
    DualEncoder encoder = bundle.value().open();
    while (images.hasNext()) {
      StoredImage image = images.next();
      RgbImage frame = reader.read(image, encoder.draftSide(), encoder::frame);
      batch.add(image);
      frames.add(frame);
      pixels += (long) frame.width() * frame.height();
      if (batch.size() == batchSize || pixels >= PIXELS || !images.hasNext()) {
        float[][] vectors = encoder.frames(frames);
        for (int i = 0; i < vectors.length; i++) {
          encoded.add(new Encoded(batch.get(i), VectorBytes.encode(vectors[i])));
        }
        batch.clear();
        frames.clear();
        pixels = 0;
      }
    }
    return encoded.iterator();
  }
}
