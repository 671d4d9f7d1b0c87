package dev.weft.jobs.search;

import java.io.Serializable;
import java.util.List;

/**
 * A query whose image was found, as it travels to a task.
 *
 * @param id names its answers
 * @param image URI of the image file; empty where there is none
 * @param vector of the indexed image, D little-endian float32 values; empty where there is none
 * @param text the words; empty where there are none
 * @param excluded the indexed image that is no answer: data set, category and id, or nothing
 */
@SuppressWarnings("ArrayRecordComponent") // vectors are multiplied, never compared
record QueryParts(String id, String image, byte[] vector, String text, List<String> excluded)
    implements Serializable {

  boolean hasImage() {
    return vector.length > 0 || !image.isEmpty();
  }

  boolean composed() {
    return hasImage() && !text.isEmpty();
  }
}
