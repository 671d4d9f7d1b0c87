package dev.weft.jobs.encode;

import dev.weft.encode.DualEncoder;
import dev.weft.encode.EncodedTexts;
import dev.weft.store.VectorBytes;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;

/**
 * Encodes the texts of a partition.
 *
 * @param bundle the encoder
 * @param batchSize texts handed to the encoder at once, at most
 */
record TextVectors(Broadcast<EncoderBundle> bundle, int batchSize)
    implements FlatMapFunction<Iterator<String>, TextVectors.Encoded>, Serializable {
  /** Texts to a task, about a second's work. */
  private static final int PER_TASK = 200;

  /**
   * A text and its vector.
   *
   * @param text as encoded
   * @param vector D little-endian float32, unit length
   * @param cut whether it exceeds the encoder's limit, so that the vector is of its beginning
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  record Encoded(String text, byte[] vector, boolean cut) implements Serializable {}

  /** How many tasks these texts are worth. */
  static int tasks(long texts, int slots) {
    return Math.toIntExact(Math.max(slots, (texts + PER_TASK - 1) / PER_TASK));
  }

  @Override
  public Iterator<Encoded> call(Iterator<String> texts) {
    List<Encoded> encoded = new ArrayList<>();
    List<String> batch = new ArrayList<>();
    while (texts.hasNext()) {
      batch.add(texts.next());
      if (batch.size() == batchSize || !texts.hasNext()) {
        DualEncoder encoder = bundle.value().open();
        EncodedTexts made = encoder.textsAndCuts(batch);
        for (int i = 0; i < made.cut().length; i++) {
          byte[] vector = VectorBytes.encode(made.vectors()[i]);
          encoded.add(new Encoded(batch.get(i), vector, made.cut()[i]));
        }
        batch.clear();
      }
    }
    return encoded.iterator();
  }
}
