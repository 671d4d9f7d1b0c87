package dev.weft.ingest;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;

/**
 * Reads the layout of FashionIQ: {@code captions/cap.<category>.<split>.json}, a list of {@code
 * {"candidate", "target", "captions"}}, and {@code image_splits/split.<category>.<split>.json}, a
 * list of image ids. The test split has no targets. A triplet's id is its position in the list. An
 * image lies in the images folder under its id with the extension of the mirror.
 *
 * <p>Source: Wu et al., "Fashion IQ: A New Dataset Towards Retrieving Images by Natural Language
 * Feedback", CVPR 2021 (arXiv:1905.12794); github.com/XiaoxiaoGuo/fashion-iq.
 */
public final class FashionIqReader implements AnnotationReader {
  private static final Pattern CAPTIONS =
      Pattern.compile("cap\\.([A-Za-z0-9_-]+)\\.(train|val|test)\\.json");

  private record Part(String category, String split) {
    private String suffix() {
      return category + "." + split + ".json";
    }
  }

  @Override
  public Annotations read(Configuration hadoop, DataSource source) {
    Folder folder = Folder.of(hadoop, source.annotations());
    AnnotationCollector collector = new AnnotationCollector(source.name());
    for (Part part : parts(hadoop, folder)) {
      readSplit(
          collector,
          part,
          AnnotationFile.open(hadoop, folder.resolve("image_splits/split." + part.suffix())));
      readCaptions(
          collector,
          source.name(),
          part,
          AnnotationFile.open(hadoop, folder.resolve("captions/cap." + part.suffix())));
    }
    return collector.annotations();
  }

  /** The caption files that are there, in the order of the splits, then of the categories. */
  private static List<Part> parts(Configuration hadoop, Folder folder) {
    List<String> names = new Folder(hadoop, folder.resolve("captions")).names();
    List<Part> parts = new ArrayList<>();
    for (String split : AnnotationCollector.SPLITS) {
      for (String name : names) {
        Matcher matcher = CAPTIONS.matcher(name);
        if (matcher.matches() && matcher.group(2).equals(split)) {
          parts.add(new Part(matcher.group(1), split));
        }
      }
    }
    if (parts.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot read a FashionIQ data set: %s has no file captions/cap.<category>.<split>.json."
              + " Set ingest.datasets (or --annotations) to the folder that holds captions and"
              + " image_splits.",
          folder.path());
    }
    return parts;
  }

  private static void readSplit(AnnotationCollector collector, Part part, AnnotationFile file) {
    collector.openGallery(part.category(), part.split());
    file.array(
        collector.each(
            entry -> {
              String image = entry.id();
              collector.candidate(part.category(), part.split(), image, image);
            }));
  }

  private static void readCaptions(
      AnnotationCollector collector, String dataset, Part part, AnnotationFile file) {
    file.array(
        collector.each(
            entry -> {
              entry.object();
              String reference = entry.id("candidate");
              boolean published = !part.split().equals("test") || entry.has("target");
              List<String> targets = published ? List.of(entry.id("target")) : List.of();
              List<String> captions = entry.captions("captions");
              collector.requireReference(part.category(), part.split(), reference);
              collector.requireTargets(part.category(), part.split(), targets);
              collector.tripletWithoutId(
                  entry,
                  new Triplet(
                      dataset,
                      part.category(),
                      part.split(),
                      entry.name(),
                      reference,
                      targets,
                      captions,
                      Optional.empty(),
                      List.of(),
                      List.of()));
            }));
  }
}
