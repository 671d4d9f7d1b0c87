package dev.weft.jobs;

import dev.weft.jobs.cluster.ServerProcess;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A command of Weft as a process of its own, on the class path and with the options of this one: a
 * driver that can be killed with no chance to clean up.
 *
 * @param main class: Weft's, or one that stands before it
 * @param options more of its Java
 * @param command such as {@code train}
 * @param root of its artefacts
 * @param settings pairs {@code key=value}
 */
public record WeftCommand(
    String main, List<String> options, String command, Path root, List<String> settings) {

  /** Spark on two threads of the driver. */
  public static final List<String> LOCAL =
      List.of(
          "-Dspark.master=local[2]", "-Dspark.ui.enabled=false", "-Dspark.driver.host=localhost");

  /** Of Weft's own main class. */
  public WeftCommand(List<String> options, String command, Path root, List<String> settings) {
    this(Weft.class.getName(), options, command, root, settings);
  }

  /**
   * Starts it.
   *
   * @param folder for its configuration and what it says, of any number of commands
   */
  public ServerProcess start(Path folder) {
    List<String> words = new ArrayList<>();
    words.add(ServerProcess.java());
    words.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    words.add("-XX:TieredStopAtLevel=1"); // starts sooner, computes the same
    words.addAll(options);
    words.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    try {
      Files.createDirectories(folder);
      Path config = Files.createTempFile(folder, root.getFileName() + "-", ".yaml");
      Files.writeString(config, "root: '" + root + "'\n");
      words.addAll(List.of(command, "--config", config.toString()));
      settings.forEach(setting -> words.addAll(List.of("--set", setting)));
      String name = config.getFileName().toString().replace(".yaml", "");
      return ServerProcess.start(folder, name, Map.of(), words);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
