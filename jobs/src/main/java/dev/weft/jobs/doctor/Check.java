package dev.weft.jobs.doctor;

import java.util.Locale;

/**
 * One thing that was looked at.
 *
 * @param name what was looked at, such as {@code temp-executable}
 * @param where the process or place it was looked at in
 * @param outcome whether it will do
 * @param found what is there
 * @param why what goes wrong otherwise; empty where it is fine
 * @param change the exact line to change; empty where it is fine
 */
public record Check(
    String name, String where, Outcome outcome, String found, String why, String change) {

  /** Whether it will do. */
  public enum Outcome {
    /** Fine. */
    OK,
    /** Works, but slower or less surely than it could. */
    WARNING,
    /** Something will fail. */
    ERROR
  }

  /** A check that is fine. */
  static Check fine(String name, String where, String found) {
    return new Check(name, where, Outcome.OK, found, "", "");
  }

  /** A check by one condition. */
  static Check of(
      String name,
      String where,
      boolean holds,
      Outcome otherwise,
      String found,
      String why,
      String change) {
    return holds ? fine(name, where, found) : new Check(name, where, otherwise, found, why, change);
  }

  /** The check as a person reads it. */
  String lines() {
    String first = String.format(Locale.ROOT, "%-7s %-24s %-22s %s", outcome, name, where, found);
    return outcome == Outcome.OK
        ? first
        : first + "\n          why:    " + why + "\n          change: " + change;
  }
}
