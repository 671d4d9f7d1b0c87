package dev.weft.jobs.cluster;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.apache.hadoop.fs.FileUtil;
import picocli.CommandLine.Option;

/** What the demos share: their options, where they run, and how they say how far they are. */
final class Demo {
  @Option(names = "--spark", required = true, description = "Folder of Spark, with jars/.")
  private Path spark;

  @Option(names = "--folder", description = "Kept afterwards; none: a temporary one.")
  private Path folder;

  private final long start = System.nanoTime();

  /** The folder of Spark. */
  Path spark() {
    return spark;
  }

  /** A folder to run in. */
  Path place() throws IOException {
    return folder == null
        ? Files.createTempDirectory("weft-demo")
        : Files.createDirectories(folder);
  }

  /** Says what happens now, with the seconds since the beginning. */
  void say(String format, Object... arguments) {
    System.out.printf(
        Locale.ROOT, "%4d s  %s%n", seconds(), String.format(Locale.ROOT, format, arguments));
  }

  /** Ends it: removes a temporary folder and prints the line {@code RESULT}. */
  void end(Path place, Map<String, Object> figures) throws IOException {
    if (folder == null) {
      FileUtil.fullyDelete(place.toFile());
    }
    Map<String, Object> all = new LinkedHashMap<>(figures);
    all.put("seconds", seconds());
    System.out.println("RESULT " + new JsonMapper().writeValueAsString(all));
  }

  private long seconds() {
    return Math.round((System.nanoTime() - start) / 1e9);
  }
}
