package dev.weft.ingest;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * What the images of a data set show, where it says so: one {@code {"category", "image", "text"}} a
 * line; {@code category} may be left out where the data set has none.
 *
 * @param texts the description of each described image, in the order of the file
 * @param quarantined the lines left out, and why
 */
public record Descriptions(Map<ImageKey, String> texts, List<Finding> quarantined) {

  public Descriptions {
    texts = Collections.unmodifiableMap(new LinkedHashMap<>(texts));
    quarantined = List.copyOf(quarantined);
  }

  /**
   * Reads the descriptions of a data set; none where it names no file.
   *
   * @param hadoop how to reach the file system
   * @throws dev.weft.WeftException with {@link dev.weft.ExitCode#INPUT_MISSING} for a file that is
   *     missing or of which no line is JSON
   */
  public static Descriptions read(Configuration hadoop, DataSource source) {
    Map<ImageKey, String> texts = new LinkedHashMap<>();
    List<Finding> quarantined = new ArrayList<>();
    if (!source.descriptions().isBlank()) {
      AnnotationFile file = AnnotationFile.open(hadoop, new Path(source.descriptions()));
      AnnotationCollector collector = new AnnotationCollector(source.name());
      file.lines(
          collector.each(entry -> take(texts, source.name(), entry.object())),
          (place, why) -> collector.quarantine(file.uri(), place, why));
      quarantined.addAll(collector.annotations().quarantined());
    }
    return new Descriptions(texts, quarantined);
  }

  private static void take(Map<ImageKey, String> texts, String dataset, Entry entry) {
    String id = ImageFile.stem(entry.path("image"));
    ImageKey key = new ImageKey(dataset, entry.optionalText("category").orElse(""), id);
    if (texts.putIfAbsent(key, entry.caption("text").get(0)) != null) {
      throw new BadEntryException(Reason.DUPLICATE, "image " + id + " is described a second time");
    }
  }
}
