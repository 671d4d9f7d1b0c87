package dev.weft.jobs;

import dev.weft.config.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Option;

/** A command that reads a configuration. */
abstract class ConfiguredCommand implements Callable<Integer> {
  private final Commands.Console console;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      required = true,
      description = "YAML of what differs from conf/defaults.yaml; any Hadoop URI.")
  private String file;

  @Option(
      names = "--set",
      paramLabel = "KEY=VALUE",
      description = "Sets one key, after the file; may be repeated.")
  private List<String> pairs = new ArrayList<>();

  ConfiguredCommand(Commands.Console console) {
    this.console = console;
  }

  Commands.Console console() {
    return console;
  }

  /** All layers of settings; {@code more} are pairs from a command's own options. */
  Settings settings(List<String> more) {
    List<String> all = new ArrayList<>(pairs);
    all.addAll(more);
    return PipelineConfig.load(new Configuration(), file, all);
  }

  /** The configuration of these settings. */
  PipelineConfig bound(Settings settings) {
    return PipelineConfig.bind(settings, file);
  }

  /**
   * A session on the configuration.
   *
   * @param more pairs from the command's own options
   * @param force make the output anew even where it is up to date
   */
  Session open(List<String> more, boolean force) {
    Settings settings = settings(more);
    return console.session(bound(settings), settings, force);
  }
}
