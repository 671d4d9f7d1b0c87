package dev.weft.evaluate;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Everything that is wrong with rankings made elsewhere, in one report with the places. */
final class Complaints {
  /** A file made wrongly is wrong in every line; these are enough to see how. */
  private static final int SHOWN = 10;

  private final List<String> complaints = new ArrayList<>();
  private final String act;

  /**
   * @param act what cannot be done, such as {@code score predictions.jsonl by circo/val}
   */
  Complaints(String act) {
    this.act = act;
  }

  void add(String place, String format, Object... arguments) {
    complaints.add(place + ": " + String.format(Locale.ROOT, format, arguments));
  }

  boolean isEmpty() {
    return complaints.isEmpty();
  }

  /**
   * Throws with {@link ExitCode#BAD_ROWS} if there is any.
   *
   * @param advice how to put them right
   */
  void enforce(String advice) {
    if (complaints.isEmpty()) {
      return;
    }
    String more =
        complaints.size() > SHOWN
            ? String.format(Locale.ROOT, "%n  - and %,d more", complaints.size() - SHOWN)
            : "";
    throw new WeftException(
        ExitCode.BAD_ROWS,
        "Cannot %s: %s.%n%s%s%n%s",
        act,
        complaints.size() == 1
            ? "there is a problem"
            : String.format(Locale.ROOT, "there are %,d problems", complaints.size()),
        complaints.stream()
            .limit(SHOWN)
            .map(complaint -> "  - " + complaint)
            .collect(Collectors.joining(System.lineSeparator())),
        more,
        advice);
  }
}
