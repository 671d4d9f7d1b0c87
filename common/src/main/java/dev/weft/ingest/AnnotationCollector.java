package dev.weft.ingest;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Gathers the rows of one data set, with the checks that all layouts share.
 *
 * <p>Invariants: a (category, split, id) and, where the file gives no ids, a (reference, target,
 * captions) is in once; a training row is in no evaluation split; every image is in once.
 *
 * <p>Rows without a published target are never compared by content: FashionIQ's test split has
 * twelve pairs of equal entries that are queries of their own.
 */
final class AnnotationCollector {
  /**
   * The order in which a reader takes the splits: evaluation first, so that of a row in two splits
   * it is the training row that is left out and no published query.
   */
  static final List<String> SPLITS = List.of("test", "val", "train");

  private record Candidates(String category, String split) {}

  private record Id(String category, String split, String id) {}

  private record Content(
      String category, String reference, List<String> groundTruths, List<String> captions) {}

  private final String dataset;
  private final List<Triplet> triplets = new ArrayList<>();
  private final Map<Candidates, Set<String>> galleries = new LinkedHashMap<>();
  private final Map<ImageKey, String> images = new LinkedHashMap<>();
  private final List<Finding> quarantined = new ArrayList<>();
  private final List<Finding> notes = new ArrayList<>();
  private final Set<Id> ids = new HashSet<>();
  private final Map<Content, String> contents = new HashMap<>();

  AnnotationCollector(String dataset) {
    this.dataset = dataset;
  }

  /** Wraps what is done with an entry: a complaint about it ends in the quarantine. */
  Consumer<Entry> each(Consumer<Entry> action) {
    return entry -> {
      try {
        action.accept(entry);
      } catch (BadEntryException e) {
        quarantine(entry.file(), entry.place(), e);
      }
    };
  }

  void quarantine(String file, String place, BadEntryException why) {
    quarantined.add(new Finding(dataset, file, place, why.reason(), why.getMessage()));
  }

  void note(Entry entry, Reason reason, String detail) {
    notes.add(new Finding(dataset, entry.file(), entry.place(), reason, detail));
  }

  /** Says that there is a gallery, even an empty one. */
  void openGallery(String category, String split) {
    galleries.computeIfAbsent(new Candidates(category, split), key -> new LinkedHashSet<>());
  }

  /** Adds a candidate behind those that are there. */
  void candidate(String category, String split, String image, String path) {
    openGallery(category, split);
    if (!galleries.get(new Candidates(category, split)).add(image)) {
      throw new BadEntryException(
          Reason.DUPLICATE, "image " + image + " is listed a second time in split " + split);
    }
    image(category, image, path);
  }

  /** Adds an image; the first path given to it stays. */
  void image(String category, String image, String path) {
    images.putIfAbsent(new ImageKey(dataset, category, image), path);
  }

  /** Complains about a reference that is not listed. */
  void requireReference(String category, String split, String reference) {
    if (!listed(category, split, reference)) {
      throw new BadEntryException(
          Reason.UNKNOWN_ID, "reference " + reference + " is no image of split " + split);
    }
  }

  /** Complains about a right answer that is no candidate. */
  void requireTargets(String category, String split, List<String> targets) {
    for (String target : targets) {
      if (!listed(category, split, target)) {
        throw new BadEntryException(
            Reason.TARGET_NOT_IN_SPLIT, "target " + target + " is no candidate of split " + split);
      }
    }
  }

  private boolean listed(String category, String split, String image) {
    return galleries.getOrDefault(new Candidates(category, split), Set.of()).contains(image);
  }

  /** Adds a row whose file gives it an id: two rows of equal words are two rows. */
  void triplet(Entry entry, Triplet triplet) {
    refuseReferenceAsTarget(triplet);
    refuseLeakage(triplet);
    add(entry, triplet);
  }

  /** Adds a row that is known by its position only: equal rows are one. */
  void tripletWithoutId(Entry entry, Triplet triplet) {
    refuseReferenceAsTarget(triplet);
    refuseLeakage(triplet);
    if (!triplet.groundTruths().isEmpty() && contents.containsKey(content(triplet))) {
      throw new BadEntryException(
          Reason.DUPLICATE,
          "reference "
              + triplet.reference()
              + ", target "
              + triplet.groundTruths().get(0)
              + " and captions are those of an earlier row");
    }
    add(entry, triplet);
  }

  private static void refuseReferenceAsTarget(Triplet triplet) {
    if (triplet.groundTruths().contains(triplet.reference())) {
      throw new BadEntryException(
          Reason.REFERENCE_IS_TARGET,
          "reference " + triplet.reference() + " is one of the targets");
    }
  }

  private void refuseLeakage(Triplet triplet) {
    String split = contents.getOrDefault(content(triplet), triplet.split());
    if (!triplet.groundTruths().isEmpty() && !split.equals(triplet.split())) {
      throw new BadEntryException(
          Reason.LEAKAGE, "the row of split " + triplet.split() + " is also in split " + split);
    }
  }

  private void add(Entry entry, Triplet triplet) {
    if (!ids.add(new Id(triplet.category(), triplet.split(), triplet.id()))) {
      throw new BadEntryException(
          Reason.DUPLICATE, "id " + triplet.id() + " is there a second time");
    }
    contents.putIfAbsent(content(triplet), triplet.split());
    triplets.add(triplet);
    long blank = triplet.captions().stream().filter(String::isBlank).count();
    if (blank > 0) {
      note(
          entry,
          Reason.EMPTY_CAPTION,
          blank + " of " + triplet.captions().size() + " captions is blank; the row is kept");
    }
  }

  private static Content content(Triplet triplet) {
    return new Content(
        triplet.category(), triplet.reference(), triplet.groundTruths(), triplet.captions());
  }

  Annotations annotations() {
    List<GalleryImage> candidates = new ArrayList<>();
    galleries.forEach(
        (key, listed) -> {
          int position = 0;
          for (String image : listed) {
            candidates.add(
                new GalleryImage(dataset, key.category(), key.split(), position++, image));
          }
        });
    List<ImageFile> files = new ArrayList<>(images.size());
    images.forEach((key, path) -> files.add(new ImageFile(key, path)));
    return new Annotations(triplets, candidates, files, quarantined, notes);
  }
}
