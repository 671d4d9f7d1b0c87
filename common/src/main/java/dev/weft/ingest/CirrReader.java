package dev.weft.ingest;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * Reads the layout of CIRR, release rc2: {@code captions/cap.rc2.<split>.json}, a list of {@code
 * {"pairid", "reference", "target_hard", "caption", "img_set": {"members"}}}, and {@code
 * image_splits/split.rc2.<split>.json}, an object of image names with their paths below the images
 * folder. The files call the test split {@code test1}; it has no targets. {@code target_soft} is
 * not read: it may hold the reference itself, and no published metric uses it.
 *
 * <p>Source: Liu et al., "Image Retrieval on Real-life Images with Pre-trained Vision-and-Language
 * Models", ICCV 2021 (arXiv:2108.04024); github.com/Cuberick-Orion/CIRR.
 */
public final class CirrReader implements AnnotationReader {
  private static final Map<String, String> NAMES =
      Map.of("test", "test1", "val", "val", "train", "train");
  private static final String NO_CATEGORY = "";

  @Override
  public Annotations read(Configuration hadoop, DataSource source) {
    Folder folder = Folder.of(hadoop, source.annotations());
    AnnotationCollector collector = new AnnotationCollector(source.name());
    int found = 0;
    for (String split : AnnotationCollector.SPLITS) {
      String suffix = "rc2." + NAMES.get(split) + ".json";
      if (folder.has("captions/cap." + suffix)) {
        found++;
        readSplit(
            collector,
            split,
            AnnotationFile.open(hadoop, folder.resolve("image_splits/split." + suffix)));
        readCaptions(
            collector,
            source.name(),
            split,
            AnnotationFile.open(hadoop, folder.resolve("captions/cap." + suffix)));
      }
    }
    if (found == 0) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot read a CIRR data set: %s has no file captions/cap.rc2.<split>.json. Set"
              + " ingest.datasets to the folder that holds captions and image_splits.",
          folder.path());
    }
    return collector.annotations();
  }

  private static void readSplit(AnnotationCollector collector, String split, AnnotationFile file) {
    collector.openGallery(NO_CATEGORY, split);
    file.object(
        collector.each(
            entry -> collector.candidate(NO_CATEGORY, split, entry.name(), entry.path())));
  }

  private static void readCaptions(
      AnnotationCollector collector, String dataset, String split, AnnotationFile file) {
    file.array(
        collector.each(
            entry -> {
              String id = entry.object().number("pairid");
              String reference = entry.id("reference");
              boolean published = !split.equals("test") || entry.has("target_hard");
              List<String> targets = published ? List.of(entry.id("target_hard")) : List.of();
              List<String> captions = entry.caption("caption");
              List<String> subset = entry.child("img_set").ids("members");
              collector.requireReference(NO_CATEGORY, split, reference);
              collector.requireTargets(NO_CATEGORY, split, targets);
              collector.requireTargets(NO_CATEGORY, split, subset);
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
                      Optional.empty(),
                      List.of(),
                      subset));
            }));
  }
}
