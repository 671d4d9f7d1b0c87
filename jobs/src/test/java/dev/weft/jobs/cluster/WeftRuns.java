package dev.weft.jobs.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The command line, each call with settings of its own.
 *
 * @param place for its logs
 * @param store URI of HDFS
 * @param environment variables besides those of this process
 * @param settings lines of a properties file
 * @param started those that were
 */
record WeftRuns(
    Path place,
    String store,
    Map<String, String> environment,
    List<String> settings,
    List<ServerProcess> started)
    implements AutoCloseable {

  /** Where every process of a cluster finds the configuration. */
  static final String CONFIG = "/conf/wardrobe-tiny.yaml";

  WeftRuns(Path place, String store, Map<String, String> environment, List<String> settings) {
    this(place, store, environment, settings, new ArrayList<>());
  }

  @Override
  public void close() {
    started.forEach(ServerProcess::kill);
  }

  /**
   * Starts the pipeline.
   *
   * @param name of its logs
   * @param root of its output
   * @param more settings of Spark for this run
   */
  ServerProcess pipeline(String name, String root, String... more) {
    try {
      List<String> lines = Stream.concat(settings.stream(), Stream.of(more)).toList();
      Path file =
          Files.createFile(
              place.resolve(name + ".conf"),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.write(file, lines);
      return command(name, Map.of("WEFT_SPARK_CONF", file.toString()), root, "pipeline");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts a command on a root of the store. */
  ServerProcess start(String name, String root, String... command) {
    return command(name, Map.of(), store + "/" + root, command);
  }

  private ServerProcess command(
      String name, Map<String, String> more, String root, String... command) {
    List<String> words = new ArrayList<>(List.of("scripts/weft"));
    words.addAll(List.of(command));
    words.addAll(List.of("--config", store + CONFIG));
    for (String pair :
        List.of(
            "root=" + root,
            "wardrobe.folder=" + store + "/wardrobe",
            "align.partitions=2",
            "encode.partitions=2",
            "train.partitions=2",
            "train.epochs=10")) {
      words.addAll(List.of("--set", pair));
    }
    Map<String, String> variables = new HashMap<>(environment);
    variables.putAll(more);
    ServerProcess process = ServerProcess.start(place, name, variables, words);
    started.add(process);
    return process;
  }
}
