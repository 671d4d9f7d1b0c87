package dev.weft.ingest;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.Predicate;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;

/**
 * What the files of a data set look like from outside, so that ingest knows whether any was added,
 * changed or taken away since it last read them: path, length and modification time of each.
 */
public final class SourceState {
  private SourceState() {}

  /**
   * Looks at the annotation files, the descriptions and, where they are read, the images.
   *
   * @return 64 hexadecimal digits, equal for an unchanged data set
   */
  public static String of(Configuration hadoop, DataSource source, ImageMode images) {
    List<String> lines = new ArrayList<>();
    addTo(lines, hadoop, source.annotations(), name -> name.matches(".*\\.jsonl?"));
    if (!source.descriptions().isBlank()) {
      addTo(lines, hadoop, source.descriptions(), name -> true);
    }
    if (images == ImageMode.READ && source.hasImages()) {
      addTo(lines, hadoop, source.images(), ImageFile::isImage);
    }
    Collections.sort(lines);
    return DigestUtils.sha256Hex(String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
  }

  private static void addTo(
      List<String> lines, Configuration hadoop, String uri, Predicate<String> counts) {
    for (FileStatus file : Folder.of(hadoop, uri).files()) {
      if (counts.test(file.getPath().getName())) {
        lines.add(file.getPath() + " " + file.getLen() + " " + file.getModificationTime());
      }
    }
  }
}
