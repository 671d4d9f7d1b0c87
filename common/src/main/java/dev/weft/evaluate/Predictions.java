package dev.weft.evaluate;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.Annotations;
import dev.weft.ingest.GalleryImage;
import dev.weft.ingest.Triplet;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;

/**
 * Rankings that any system wrote, scored from the annotations alone: no vectors, models or images.
 *
 * <p>What the published scorers refuse is refused, and what they would score wrongly in silence:
 * repeated images, missing, unknown or repeated queries, rankings of the wrong length, images that
 * are no candidates, and the reference in a protocol that removes it.
 */
public final class Predictions {
  /**
   * The numbers of some predictions.
   *
   * @param metrics what they reach
   * @param notes what is odd about them all the same
   */
  public record Scored(Metrics metrics, List<String> notes) {
    public Scored {
      notes = List.copyOf(notes);
    }
  }

  /** Rankings of a file are in the order of its writer, whose tie rule nobody knows. */
  static final String TIE_RULE = "as in the file";

  /** Images per query in a submission, as both servers demand. */
  static final int SUBMISSION_DEPTH = 50;

  /** Members of an image group per pair in a submission, as CIRR's server demands. */
  static final int SUBSET_DEPTH = 3;

  private final Protocol protocol;
  private final Map<List<String>, Triplet> queries = new LinkedHashMap<>();
  private final Map<String, Set<String>> galleries;

  /**
   * What there is to answer.
   *
   * @param protocol what to score by
   * @param annotations of the data set
   */
  public Predictions(Protocol protocol, Annotations annotations) {
    this.protocol = protocol;
    List<Triplet> triplets =
        annotations.triplets().stream()
            .filter(triplet -> triplet.split().equals(protocol.split()))
            .toList();
    triplets.forEach(triplet -> queries.put(List.of(triplet.category(), triplet.id()), triplet));
    if (queries.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot score by %s: the annotations have no query of split '%s'. Name the folder that"
              + " has them with --annotations.",
          protocol,
          protocol.split());
    }
    this.galleries = galleries(annotations, triplets);
    if (galleries.isEmpty() && protocol.published().isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot score by %s: the annotations do not list its gallery, and its size is not"
              + " published. Name the folder of its image files with --images; they are not"
              + " opened.",
          protocol);
    }
  }

  /** Candidates per category; nothing where they are only those that the queries name. */
  private Map<String, Set<String>> galleries(Annotations annotations, List<Triplet> triplets) {
    Set<String> named = new HashSet<>();
    for (Triplet triplet : annotations.triplets()) {
      named.add(triplet.reference());
      named.addAll(triplet.groundTruths());
    }
    Map<String, List<String>> listed =
        annotations.galleries().stream()
            .filter(image -> image.split().equals(protocol.split()))
            .collect(
                Collectors.groupingBy(
                    GalleryImage::category,
                    TreeMap::new,
                    Collectors.mapping(GalleryImage::image, Collectors.toList())));
    Map<String, List<Triplet>> byCategory =
        triplets.stream().collect(Collectors.groupingBy(Triplet::category));
    Map<String, Set<String>> galleries = new TreeMap<>();
    byCategory.forEach(
        (category, asked) ->
            galleries.put(
                category,
                Set.copyOf(protocol.gallery(listed.getOrDefault(category, List.of()), asked))));
    return protocol.family() == Family.CIRCO && galleries.values().stream().allMatch(named::equals)
        ? Map.of()
        : galleries;
  }

  /**
   * Scores files.
   *
   * @param uris one file, or CIRR's two
   * @param cutoffs {@code evaluate.cutoffs}
   * @param name what to call the system that made them
   * @throws WeftException with {@link ExitCode#BAD_ROWS} and every place where they are wrong
   */
  public Scored score(Configuration hadoop, List<String> uris, List<Integer> cutoffs, String name) {
    requireTargets();
    List<Prediction> predictions = read(hadoop, uris, "score");
    List<RankedQuery> ranked = predictions.stream().map(this::ranked).toList();
    Metrics metrics = Metrics.of(protocol, name, ranked, sizes(), cutoffs, List.of());
    return new Scored(metrics.rankedBy(TIE_RULE), notes(predictions));
  }

  /**
   * The files that the server of the data set takes, of predictions in any of the forms.
   *
   * @return file name to content
   */
  public Map<String, byte[]> submission(Configuration hadoop, List<String> uris) {
    return Submission.files(protocol, read(hadoop, uris, "export"));
  }

  private List<String> notes(List<Prediction> predictions) {
    List<String> notes = new ArrayList<>();
    if (galleries.isEmpty()) {
      notes.add("the annotations do not list the gallery: image ids are not checked against it");
    }
    if (!protocol.referenceRemoved()
        && predictions.stream()
            .noneMatch(one -> one.ranking().contains(queries.get(key(one)).reference()))) {
      notes.add(
          "no ranking has the reference of its query: if it was taken out of the candidates, the"
              + " protocol is one without it (-noref)");
    }
    return notes;
  }

  /** Reads files and refuses them if anything is wrong. */
  List<Prediction> read(Configuration hadoop, List<String> uris, String act) {
    Complaints complaints =
        new Complaints(act + " " + String.join(" and ", uris) + " by " + protocol);
    List<Prediction> predictions =
        PredictionFile.read(hadoop, uris, protocol.family(), categories(), complaints);
    predictions.forEach(prediction -> check(prediction, complaints));
    refuseMissing(predictions, complaints);
    refuseMissingGroups(predictions, complaints);
    complaints.enforce(
        String.format(
            Locale.ROOT,
            "Every query of %s needs one ranking of %d distinct images. Mend the file, or name the"
                + " protocol it was made by.",
            protocol,
            SUBMISSION_DEPTH));
    return predictions;
  }

  private Set<String> categories() {
    return queries.keySet().stream()
        .map(key -> key.get(0))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private void requireTargets() {
    if (queries.values().stream().noneMatch(query -> query.target().isPresent())) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot score by %s: the targets of split '%s' are not published. Score another split, or"
              + " write a submission for the server: scripts/weft export-submission.",
          protocol,
          protocol.split());
    }
  }

  private void check(Prediction prediction, Complaints complaints) {
    Triplet query = queries.get(key(prediction));
    if (query == null) {
      complaints.add(
          prediction.place(), "%s is no query of %s", prediction.name(), protocol.name());
      return;
    }
    checkLength(prediction, query, complaints);
    checkImages(prediction, query, "ranking", prediction.ranking(), complaints);
    checkImages(prediction, query, "image group", prediction.subset(), complaints);
    for (String image : prediction.subset()) {
      if (!query.subset().contains(image)) {
        complaints.add(
            prediction.place(),
            "%s has %s in its image group, which is no member of it",
            prediction.name(),
            image);
      }
    }
  }

  private void checkLength(Prediction prediction, Triplet query, Complaints complaints) {
    int depth = Math.min(SUBMISSION_DEPTH, candidates(query));
    int found = prediction.ranking().size();
    if (prediction.submission() ? found != depth : found < depth) {
      complaints.add(
          prediction.place(),
          "%s has %,d images in its ranking, %s %d are needed",
          prediction.name(),
          found,
          prediction.submission() ? "exactly" : "at least",
          depth);
    }
    int group = prediction.subset().size();
    if (group > 0 && (prediction.submission() ? group != SUBSET_DEPTH : group < SUBSET_DEPTH)) {
      complaints.add(
          prediction.place(),
          "%s has %d images of its image group, %s %d are needed",
          prediction.name(),
          group,
          prediction.submission() ? "exactly" : "at least",
          SUBSET_DEPTH);
    }
  }

  private void checkImages(
      Prediction prediction,
      Triplet query,
      String where,
      List<String> images,
      Complaints complaints) {
    Set<String> gallery = galleries.getOrDefault(query.category(), Set.of());
    Set<String> seen = new HashSet<>();
    for (String image : images) {
      if (!seen.add(image)) {
        complaints.add(
            prediction.place(), "%s has image %s twice in its %s", prediction.name(), image, where);
      } else if (protocol.referenceRemoved() && image.equals(query.reference())) {
        complaints.add(
            prediction.place(),
            "%s has its own reference %s in its %s, which %s removes",
            prediction.name(),
            image,
            where,
            protocol.name());
      } else if (!gallery.isEmpty() && !gallery.contains(image)) {
        complaints.add(
            prediction.place(),
            "%s has image %s in its %s, which is no candidate of %s",
            prediction.name(),
            image,
            where,
            protocol.name());
      } else if (protocol.family() == Family.CIRCO && !image.matches("[0-9]{1,18}")) {
        complaints.add(
            prediction.place(),
            "%s has image '%s' in its %s, which is no whole number",
            prediction.name(),
            image,
            where);
      }
    }
  }

  private void refuseMissing(List<Prediction> predictions, Complaints complaints) {
    Set<List<String>> missing = new LinkedHashSet<>(queries.keySet());
    predictions.forEach(prediction -> missing.remove(key(prediction)));
    Map<String, List<String>> byCategory = new TreeMap<>();
    missing.forEach(
        key ->
            byCategory.computeIfAbsent(key.get(0), category -> new ArrayList<>()).add(key.get(1)));
    byCategory.forEach(
        (category, ids) ->
            complaints.add(
                "missing",
                "%,d of %,d queries%s have no ranking, such as %s",
                ids.size(),
                queries.keySet().stream().filter(key -> key.get(0).equals(category)).count(),
                category.isEmpty() ? "" : " of " + category,
                ids.get(0)));
  }

  /** Groups may be left out, but not some of them: those would count as missed. */
  private static void refuseMissingGroups(List<Prediction> predictions, Complaints complaints) {
    List<Prediction> without = predictions.stream().filter(one -> one.subset().isEmpty()).toList();
    if (!without.isEmpty() && without.size() < predictions.size()) {
      complaints.add(
          without.get(0).place(),
          "%,d of %,d queries have no ranking of their image group, such as %s, and the others have"
              + " one",
          without.size(),
          predictions.size(),
          without.get(0).name());
    }
  }

  private RankedQuery ranked(Prediction prediction) {
    Triplet query = queries.get(key(prediction));
    int place = prediction.ranking().indexOf(query.groundTruths().get(0)) + 1;
    return new RankedQuery(
        query.category(),
        query.id(),
        prediction.ranking(),
        query.groundTruths(),
        query.aspects(),
        prediction.subset(),
        place == 0 ? OptionalInt.empty() : OptionalInt.of(place),
        candidates(query));
  }

  private int candidates(Triplet query) {
    int images = sizes().get(query.category());
    Collection<String> gallery = galleries.getOrDefault(query.category(), Set.of());
    boolean removed =
        protocol.referenceRemoved() && (gallery.isEmpty() || gallery.contains(query.reference()));
    return removed ? images - 1 : images;
  }

  private Map<String, Integer> sizes() {
    Map<String, Integer> sizes = new TreeMap<>();
    galleries.forEach((category, images) -> sizes.put(category, images.size()));
    protocol
        .published()
        .forEach((category, counts) -> sizes.putIfAbsent(category, counts.gallery()));
    return Collections.unmodifiableMap(sizes);
  }

  private static List<String> key(Prediction prediction) {
    return List.of(prediction.category(), prediction.query());
  }
}
