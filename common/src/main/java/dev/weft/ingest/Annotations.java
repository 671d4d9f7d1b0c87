package dev.weft.ingest;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the annotation files of one data set say, bad rows apart.
 *
 * @param triplets the good rows; evaluation splits first, each in the order of its file
 * @param galleries the candidates of each split in published order
 * @param images every image that a triplet or a gallery names, once
 * @param quarantined the rows left out, and why
 * @param notes what is odd about rows that were kept
 */
public record Annotations(
    List<Triplet> triplets,
    List<GalleryImage> galleries,
    List<ImageFile> images,
    List<Finding> quarantined,
    List<Finding> notes) {

  public Annotations {
    triplets = List.copyOf(triplets);
    galleries = List.copyOf(galleries);
    images = List.copyOf(images);
    quarantined = List.copyOf(quarantined);
    notes = List.copyOf(notes);
  }

  /**
   * How many triplets and candidates there are: {@code triplets/dress/val}, {@code
   * gallery/dress/val}; without the middle part where the data set has no categories.
   */
  public Map<String, Long> counts() {
    Map<String, Long> counts = new TreeMap<>();
    for (Triplet triplet : triplets) {
      counts.merge(countKey("triplets", triplet.category(), triplet.split()), 1L, Long::sum);
    }
    for (GalleryImage image : galleries) {
      counts.merge(countKey("gallery", image.category(), image.split()), 1L, Long::sum);
    }
    return counts;
  }

  /** The key of a count: what, category unless empty, split. */
  public static String countKey(String what, String category, String split) {
    return what + "/" + (category.isEmpty() ? "" : category + "/") + split;
  }
}
