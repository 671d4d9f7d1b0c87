package dev.weft.jobs.evaluate;

import dev.weft.ingest.ImageKey;
import dev.weft.rank.Gallery;
import java.io.Serializable;
import java.util.Map;

/**
 * The candidates of one category, as they travel to every JVM once.
 *
 * @param dataset name of the data set
 * @param category empty where there is none
 * @param width D
 * @param vectors image id to D little-endian float32 values
 */
record CandidateVectors(String dataset, String category, int width, Map<String, byte[]> vectors)
    implements Serializable {

  /** The key of one of its images. */
  ImageKey key(String id) {
    return new ImageKey(dataset, category, id);
  }

  /** Ready to be ranked; to be closed. */
  Gallery gallery() {
    Gallery.Builder builder = Gallery.builder(width);
    vectors.forEach((id, vector) -> builder.add(key(id), vector));
    return builder.build();
  }
}
