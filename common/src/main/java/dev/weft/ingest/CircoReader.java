package dev.weft.ingest;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * Reads the layout of CIRCO: {@code val.json} and {@code test.json} (and {@code train.json} where a
 * set has one), lists of {@code {"id", "reference_img_id", "target_img_id", "gt_img_ids",
 * "relative_caption", "shared_concept", "semantic_aspects"}}; the test split has neither targets
 * nor aspects. Image ids are whole numbers; a file is named by the id in twelve digits.
 *
 * <p>All splits share one gallery, COCO 2017's unlabeled images. It is taken from the first of
 *
 * <ol>
 *   <li>{@code image_info_unlabeled2017.json} beside the annotations, or in {@code annotations}
 *       beside the images folder, in the order of its list;
 *   <li>the files of the images folder, by number;
 *   <li>the ids that the queries name: an annotation-only run.
 * </ol>
 *
 * <p>Source: Baldrati et al., "Zero-Shot Composed Image Retrieval with Textual Inversion", ICCV
 * 2023 (arXiv:2303.15247); github.com/miccunifi/CIRCO.
 */
public final class CircoReader implements AnnotationReader {
  private static final String IMAGE_INFO = "image_info_unlabeled2017.json";
  private static final String NO_CATEGORY = "";

  @Override
  public Annotations read(Configuration hadoop, DataSource source) {
    Folder folder = Folder.of(hadoop, source.annotations());
    AnnotationCollector collector = new AnnotationCollector(source.name());
    Map<String, AnnotationFile> queries = queries(hadoop, folder);
    Map<String, String> gallery = gallery(hadoop, source, folder, collector);
    if (gallery.isEmpty()) {
      gallery = named(queries.values());
    }
    for (String split : queries.keySet()) {
      gallery.forEach((image, path) -> collector.candidate(NO_CATEGORY, split, image, path));
    }
    queries.forEach((split, file) -> readQueries(collector, source.name(), split, file));
    return collector.annotations();
  }

  private static Map<String, AnnotationFile> queries(Configuration hadoop, Folder folder) {
    Map<String, AnnotationFile> queries = new LinkedHashMap<>();
    for (String split : AnnotationCollector.SPLITS) {
      if (folder.has(split + ".json")) {
        queries.put(split, AnnotationFile.open(hadoop, folder.resolve(split + ".json")));
      }
    }
    if (queries.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot read a CIRCO data set: %s has neither val.json nor test.json. Set ingest.datasets"
              + " (or --annotations) to the folder that holds them.",
          folder.path());
    }
    return queries;
  }

  /** Image ids with their paths, in the order of the gallery; empty where no gallery is known. */
  private static Map<String, String> gallery(
      Configuration hadoop, DataSource source, Folder folder, AnnotationCollector collector) {
    List<Path> lists = new ArrayList<>(List.of(folder.resolve(IMAGE_INFO)));
    if (source.hasImages()) {
      Path parent = new Path(source.images()).getParent();
      if (parent != null) {
        lists.add(new Path(parent, "annotations/" + IMAGE_INFO));
      }
    }
    for (Path list : lists) {
      if (new Folder(hadoop, list.getParent()).has(list.getName())) {
        return listed(AnnotationFile.open(hadoop, list), collector);
      }
    }
    if (!source.hasImages()) {
      return Map.of();
    }
    Folder images = Folder.of(hadoop, source.images()); // not there in an annotation-only run
    return images.exists() ? inFolder(images) : Map.of();
  }

  private static Map<String, String> listed(AnnotationFile file, AnnotationCollector collector) {
    Map<String, String> gallery = new LinkedHashMap<>();
    file.arrayUnder(
        "images",
        collector.each(
            entry -> {
              String image = entry.object().number("id");
              if (gallery.putIfAbsent(image, entry.path("file_name")) != null) {
                throw new BadEntryException(
                    Reason.DUPLICATE, "image " + image + " is listed a second time");
              }
            }));
    return gallery;
  }

  private static Map<String, String> inFolder(Folder images) {
    return images.images().stream()
        .filter(path -> stem(path).matches("[0-9]{1,18}"))
        .sorted((a, b) -> Long.compare(number(a), number(b)))
        .collect(
            Collectors.toMap(
                path -> Long.toString(number(path)),
                path -> path,
                (first, second) -> first, // the same number with two extensions
                LinkedHashMap::new));
  }

  private static String stem(String path) {
    return ImageFile.stem(path.substring(path.lastIndexOf('/') + 1));
  }

  private static long number(String path) {
    return Long.parseLong(stem(path));
  }

  /**
   * Every image that a query names, first seen first; complaints are left to the second reading.
   */
  private static Map<String, String> named(Iterable<AnnotationFile> files) {
    Set<String> images = new LinkedHashSet<>();
    for (AnnotationFile file : files) {
      file.array(
          entry -> {
            try {
              List<String> targets = targets(entry.object());
              images.add(entry.number("reference_img_id"));
              images.addAll(targets);
            } catch (BadEntryException e) {
              return;
            }
          });
    }
    Map<String, String> named = new LinkedHashMap<>();
    images.forEach(image -> named.put(image, "0".repeat(Math.max(0, 12 - image.length())) + image));
    return named;
  }

  /** The right answers, the target first; none where none is published. */
  private static List<String> targets(Entry entry) {
    if (!entry.has("target_img_id") && !entry.has("gt_img_ids")) {
      return List.of();
    }
    String target = entry.number("target_img_id");
    List<String> others = entry.has("gt_img_ids") ? entry.numbers("gt_img_ids") : List.of();
    return Stream.concat(Stream.of(target), others.stream()).distinct().toList();
  }

  private static void readQueries(
      AnnotationCollector collector, String dataset, String split, AnnotationFile file) {
    file.array(
        collector.each(
            entry -> {
              String id = entry.object().number("id");
              String reference = entry.number("reference_img_id");
              List<String> targets = targets(entry);
              if (targets.isEmpty() && !split.equals("test")) {
                throw new BadEntryException(Reason.MISSING_KEY, "target_img_id is missing");
              }
              List<String> captions = entry.caption("relative_caption");
              String concept = entry.caption("shared_concept").get(0);
              List<String> aspects = entry.optionalTexts("semantic_aspects");
              collector.requireReference(NO_CATEGORY, split, reference);
              collector.requireTargets(NO_CATEGORY, split, targets);
              collector.triplet(
                  entry,
                  new Triplet(
                      dataset,
                      NO_CATEGORY,
                      split,
                      id,
                      reference,
                      targets,
                      captions,
                      Optional.of(concept),
                      aspects,
                      List.of()));
            }));
  }
}
