package dev.weft.config;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.List;
import java.util.stream.Collectors;

/** Everything that is wrong with a configuration, in one report. */
public final class ConfigException extends WeftException {
  private final transient List<Problem> problems;

  /**
   * One wrong key.
   *
   * @param key the dotted key, such as {@code train.batch-size}
   * @param text what is wrong with it and what would be right
   */
  public record Problem(String key, String text) {}

  /**
   * @param place the file or files the settings came from
   * @param problems what is wrong, at least one
   */
  public ConfigException(String place, List<Problem> problems) {
    super(
        ExitCode.CONFIG,
        "%d %s in %s:%n%s",
        problems.size(),
        problems.size() == 1 ? "problem" : "problems",
        place,
        problems.stream()
            .map(problem -> "  - " + problem.key() + " " + problem.text())
            .collect(Collectors.joining(System.lineSeparator())));
    this.problems = List.copyOf(problems);
  }

  /** What is wrong, in the order of the configuration. */
  public List<Problem> problems() {
    return problems;
  }
}
