package dev.weft.jobs.evaluate;

import dev.weft.encode.QueryText;
import dev.weft.evaluate.Protocol;
import dev.weft.ingest.Triplet;
import dev.weft.store.VectorBytes;
import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * One query with the vectors of its parts, as it travels to a task.
 *
 * @param query id of the triplet
 * @param reference id of the reference image
 * @param text the modification text as encoded, the first where vectors of several are averaged
 * @param groundTruths ids of the right answers, the target first
 * @param subset ids of the image group of the reference without it; else empty
 * @param image vector of the reference, D little-endian float32 values
 * @param words vector of the text, D little-endian float32 values
 */
@SuppressWarnings("ArrayRecordComponent") // vectors are multiplied, never compared
record Question(
    String query,
    String reference,
    String text,
    List<String> groundTruths,
    List<String> subset,
    byte[] image,
    byte[] words)
    implements Serializable {

  /** The query of a triplet. */
  static Question of(
      Protocol protocol, Triplet triplet, Map<String, byte[]> images, Map<String, byte[]> texts) {
    List<String> asked = texts(triplet, protocol);
    return new Question(
        triplet.id(),
        triplet.reference(),
        asked.get(0),
        triplet.groundTruths(),
        triplet.subset().stream().filter(id -> !id.equals(triplet.reference())).toList(),
        images.get(triplet.reference()),
        mean(asked.stream().map(texts::get).toList()));
  }

  /** The texts by which a triplet is evaluated, the one that is shown first. */
  static List<String> texts(Triplet triplet, Protocol protocol) {
    return protocol.captions().stream()
        .map(form -> QueryText.of(triplet.captions(), form))
        .distinct()
        .toList();
  }

  /** The mean of unit vectors, at unit length. */
  private static byte[] mean(List<byte[]> vectors) {
    if (vectors.size() == 1) {
      return vectors.get(0);
    }
    float[] sum = VectorBytes.decode(vectors.get(0));
    for (byte[] other : vectors.subList(1, vectors.size())) {
      float[] values = VectorBytes.decode(other);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += values[i];
      }
    }
    double square = 0;
    for (float value : sum) {
      square += (double) value * value;
    }
    double length = Math.max(Math.sqrt(square), Float.MIN_NORMAL);
    for (int i = 0; i < sum.length; i++) {
      sum[i] = (float) (sum[i] / length);
    }
    return VectorBytes.encode(sum);
  }
}
