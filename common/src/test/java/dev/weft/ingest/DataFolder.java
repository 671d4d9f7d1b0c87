package dev.weft.ingest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;

/** A data set that a test writes into a temporary folder. */
record DataFolder(Path path) {

  DataFolder write(String file, String... lines) {
    return write(file, String.join("\n", lines).getBytes(StandardCharsets.UTF_8));
  }

  DataFolder write(String file, byte[] bytes) {
    try {
      Path target = path.resolve(file);
      Files.createDirectories(target.getParent());
      Files.write(target, bytes);
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  DataSource source(String name, Layout layout) {
    return new DataSource(name, layout, path.toString(), "", "");
  }

  DataSource sourceWithImages(String name, Layout layout) {
    return new DataSource(name, layout, path.toString(), path.resolve("images").toString(), "");
  }

  Annotations read(Layout layout) {
    return read(source("tiny", layout));
  }

  static Annotations read(DataSource source) {
    return AnnotationReader.of(source.layout()).read(new Configuration(), source);
  }

  /** Findings without the temporary folder: {@code reason file, place: detail}. */
  List<String> shown(List<Finding> findings) {
    String prefix = "file:" + path + "/";
    return findings.stream()
        .map(
            finding ->
                finding.reason().label()
                    + " "
                    + finding.file().replace(prefix, "")
                    + ", "
                    + finding.place()
                    + ": "
                    + finding.detail())
        .toList();
  }
}
