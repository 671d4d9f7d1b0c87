package dev.weft.ingest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What is left of a data set once its bad rows and unusable images are out.
 *
 * @param triplets those whose reference and target can be used
 * @param galleries the candidates that can be used, positions without gaps
 * @param quarantined every row and image left out
 * @param notes what is odd about rows that were kept
 * @param badImages how many images were left out
 * @param cohort whether the numbers of what is left compare with published ones
 */
public record Usable(
    List<Triplet> triplets,
    List<GalleryImage> galleries,
    List<Finding> quarantined,
    List<Finding> notes,
    long badImages,
    Cohort cohort) {

  public Usable {
    triplets = List.copyOf(triplets);
    galleries = List.copyOf(galleries);
    quarantined = List.copyOf(quarantined);
    notes = List.copyOf(notes);
  }

  /**
   * Takes unusable images out of the galleries, and the triplets that need one out of the rows.
   *
   * @param dataset name of the data set
   * @param annotations the rows as read
   * @param badRows the rows already left out
   * @param unusable the images that cannot be used, and why
   */
  public static Usable of(
      String dataset,
      Annotations annotations,
      List<Finding> badRows,
      Map<ImageKey, Finding> unusable) {
    List<Finding> quarantined = new ArrayList<>(badRows);
    quarantined.addAll(unusable.values());
    List<Triplet> triplets = new ArrayList<>();
    for (Triplet triplet : annotations.triplets()) {
      Optional<Finding> why = lost(triplet, unusable);
      why.ifPresentOrElse(
          quarantined::add, () -> triplets.add(withoutUnusableAnswers(triplet, unusable)));
    }
    List<GalleryImage> galleries = remaining(annotations.galleries(), unusable);
    Annotations left =
        new Annotations(triplets, galleries, List.of(), List.of(), annotations.notes());
    return new Usable(
        triplets,
        galleries,
        quarantined,
        annotations.notes(),
        unusable.size(),
        PublishedCounts.compare(dataset, left.counts()));
  }

  /** How many rows were left out, images apart. */
  public long badRows() {
    return quarantined.size() - badImages;
  }

  /** The same, its numbers marked for one more reason. */
  public Usable degradedBy(String reason) {
    return new Usable(
        triplets, galleries, quarantined, notes, badImages, cohort.degradedBy(reason));
  }

  private static Optional<Finding> lost(Triplet triplet, Map<ImageKey, Finding> unusable) {
    List<String> needed = new ArrayList<>(List.of(triplet.reference()));
    triplet.target().ifPresent(needed::add);
    for (String image : needed) {
      Finding why = unusable.get(key(triplet, image));
      if (why != null) {
        return Optional.of(
            new Finding(
                triplet.dataset(),
                why.file(),
                "triplet " + triplet.split() + "/" + triplet.id(),
                why.reason(),
                "the triplet needs image " + image + ": " + why.detail()));
      }
    }
    return Optional.empty();
  }

  private static Triplet withoutUnusableAnswers(Triplet triplet, Map<ImageKey, Finding> unusable) {
    if (triplet.groundTruths().stream().noneMatch(id -> unusable.containsKey(key(triplet, id)))) {
      return triplet;
    }
    return new Triplet(
        triplet.dataset(),
        triplet.category(),
        triplet.split(),
        triplet.id(),
        triplet.reference(),
        triplet.groundTruths().stream()
            .filter(id -> !unusable.containsKey(key(triplet, id)))
            .toList(),
        triplet.captions(),
        triplet.concept(),
        triplet.aspects(),
        triplet.subset());
  }

  private static List<GalleryImage> remaining(
      List<GalleryImage> galleries, Map<ImageKey, Finding> unusable) {
    Map<String, Integer> sizes = new HashMap<>();
    List<GalleryImage> remaining = new ArrayList<>(galleries.size());
    for (GalleryImage image : galleries) {
      ImageKey key = new ImageKey(image.dataset(), image.category(), image.image());
      if (!unusable.containsKey(key)) {
        int position = sizes.merge(image.category() + "/" + image.split(), 1, Integer::sum) - 1;
        remaining.add(
            new GalleryImage(
                image.dataset(), image.category(), image.split(), position, image.image()));
      }
    }
    return remaining;
  }

  private static ImageKey key(Triplet triplet, String image) {
    return new ImageKey(triplet.dataset(), triplet.category(), image);
  }
}
