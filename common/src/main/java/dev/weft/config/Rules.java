package dev.weft.config;

import java.util.ArrayList;
import java.util.List;

/**
 * Collects the broken rules of one section of the configuration, so that all are reported at once.
 *
 * <p>A configuration record states its ranges in its compact constructor:
 *
 * <pre>
 *   Rules.of("train")
 *       .require(epochs &gt;= 1, "epochs", epochs, "must be at least 1")
 *       .require(batchSize &gt;= 2, "batch-size", batchSize, "must be at least 2")
 *       .enforce();
 * </pre>
 */
public final class Rules {
  private final String section;
  private final List<ConfigException.Problem> problems = new ArrayList<>();

  private Rules(String section) {
    this.section = section;
  }

  /**
   * @param section the dotted path of the section, such as {@code train}; empty for the top level
   */
  public static Rules of(String section) {
    return new Rules(section);
  }

  /**
   * Adds one rule.
   *
   * @param holds whether the value keeps it
   * @param key the key inside the section, in kebab case
   * @param value what the key is set to
   * @param must the rule in words, such as {@code must be at least 1}
   */
  public Rules require(boolean holds, String key, Object value, String must) {
    if (!holds) {
      problems.add(
          new ConfigException.Problem(
              section.isEmpty() ? key : section + "." + key, must + ", found '" + value + "'"));
    }
    return this;
  }

  /** Throws one {@link ConfigException} with every broken rule, if there is any. */
  public void enforce() {
    if (!problems.isEmpty()) {
      throw new ConfigException("the configuration", problems);
    }
  }
}
