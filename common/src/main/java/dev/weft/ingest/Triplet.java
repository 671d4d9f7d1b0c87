package dev.weft.ingest;

import java.util.List;
import java.util.Optional;

/**
 * One composed query: a reference image, texts that change it, and the images that answer it.
 *
 * @param dataset name of the data set
 * @param category category within the data set, empty where it has none; part of every image key,
 *     because FashionIQ's shirt and toptee share image ids
 * @param split {@code train}, {@code val} or {@code test}
 * @param id CIRCO query id, CIRR pair id, else its place in its file
 * @param reference id of the reference image
 * @param groundTruths ids of all right answers, the target first; empty where not published
 * @param captions the modification texts as written, at least one of them with text: FashionIQ has
 *     queries with one blank caption of two, and they count
 * @param concept what reference and target share (CIRCO)
 * @param aspects semantic aspects of the query (CIRCO)
 * @param subset members of the image group of the reference (CIRR)
 */
public record Triplet(
    String dataset,
    String category,
    String split,
    String id,
    String reference,
    List<String> groundTruths,
    List<String> captions,
    Optional<String> concept,
    List<String> aspects,
    List<String> subset) {

  public Triplet {
    groundTruths = List.copyOf(groundTruths);
    captions = List.copyOf(captions);
    aspects = List.copyOf(aspects);
    subset = List.copyOf(subset);
    if (captions.stream().allMatch(String::isBlank)) {
      throw new IllegalArgumentException("a triplet needs at least one caption with text: " + id);
    }
  }

  /** The target image: the first ground truth, absent where it is not published. */
  public Optional<String> target() {
    return groundTruths.stream().findFirst();
  }
}
