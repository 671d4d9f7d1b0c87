package dev.weft.jobs;

import dev.weft.store.Snapshot;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How a stage ended.
 *
 * @param stage the command, such as {@code train}
 * @param status {@code done} or {@code up to date}
 * @param snapshot what it published or found, absent for a stage that publishes nothing
 * @param seconds how long it took
 * @param figures what it measured, by name
 */
public record StageResult(
    String stage,
    String status,
    Optional<Snapshot> snapshot,
    double seconds,
    Map<String, Object> figures) {

  /** The status of a stage that wrote something. */
  public static final String DONE = "done";

  /** The status of a stage whose output was already there. */
  public static final String UP_TO_DATE = "up to date";

  /** The same with one more figure, which the manifest does not hold. */
  public StageResult with(String name, Object figure) {
    Map<String, Object> more = new LinkedHashMap<>(figures);
    more.put(name, figure);
    return new StageResult(stage, status, snapshot, seconds, more);
  }

  /** The fields of the {@code RESULT} line, in order. */
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("stage", stage);
    fields.put("status", status);
    snapshot.ifPresent(
        published -> {
          fields.put("version", published.version());
          fields.put("path", published.path().toString());
        });
    fields.put("seconds", Math.round(seconds * 100) / 100.0);
    fields.putAll(figures);
    return fields;
  }

  /** Says how the stage ended. */
  public StageResult announced(Progress progress) {
    progress.say(line());
    return this;
  }

  private String line() {
    String numbers =
        figures.entrySet().stream()
            .filter(figure -> figure.getValue() instanceof Number)
            .map(
                figure ->
                    ", " + figure.getKey().replace('_', ' ') + " " + number(figure.getValue()))
            .collect(Collectors.joining());
    return String.format(
        Locale.ROOT, "%-9s %s in %s%s", stage, status, Progress.duration(seconds), numbers);
  }

  private static String number(Object value) {
    return value instanceof Double || value instanceof Float
        ? String.format(Locale.ROOT, "%.4g", ((Number) value).doubleValue())
        : String.format(Locale.ROOT, "%,d", ((Number) value).longValue());
  }
}
