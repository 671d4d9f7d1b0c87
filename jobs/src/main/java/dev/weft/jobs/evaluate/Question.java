package dev.weft.jobs.evaluate;

import dev.weft.encode.CaptionForm;
import dev.weft.encode.QueryText;
import dev.weft.ingest.Triplet;
import java.io.Serializable;
import java.util.List;
import java.util.Map;

/**
 * One query with the vectors of its parts, as it travels to a task.
 *
 * @param query id of the triplet
 * @param reference id of the reference image
 * @param text the modification text as encoded
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
  static Question of(Triplet triplet, Map<String, byte[]> images, Map<String, byte[]> texts) {
    String text = text(triplet);
    return new Question(
        triplet.id(),
        triplet.reference(),
        text,
        triplet.groundTruths(),
        triplet.subset().stream().filter(id -> !id.equals(triplet.reference())).toList(),
        images.get(triplet.reference()),
        texts.get(text));
  }

  /** The text by which a triplet is evaluated. */
  static String text(Triplet triplet) {
    return QueryText.of(triplet.captions(), CaptionForm.FIRST_AND_SECOND);
  }
}
