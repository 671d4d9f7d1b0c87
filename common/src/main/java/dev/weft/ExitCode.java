package dev.weft;

/** The exit codes of every command, as in {@code sysexits.h} where it has one. */
public enum ExitCode {
  /** Done, or nothing to do. */
  OK(0),
  /** The command line itself is wrong. */
  USAGE(64),
  /** More bad rows than {@code ingest.max-bad-fraction} allows. */
  BAD_ROWS(65),
  /** An input file or snapshot is missing or unreadable. */
  INPUT_MISSING(66),
  /** A resource of the machine or cluster is missing: memory, native library, device. */
  RESOURCE_MISSING(69),
  /** A bug of Weft. */
  BUG(70),
  /** Reading or writing failed. */
  IO(74),
  /** Another writer won, or a service is not ready: run the same command again. */
  TRY_LATER(75),
  /** The configuration is wrong. */
  CONFIG(78);

  private final int code;

  ExitCode(int code) {
    this.code = code;
  }

  /** The number the process ends with. */
  public int code() {
    return code;
  }
}
