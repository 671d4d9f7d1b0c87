package dev.weft.store;

import dev.weft.ExitCode;
import java.time.Clock;
import java.time.Instant;

/**
 * Who tried to make an output, and how it ended: for people and schedulers. Nothing that decides
 * what is read depends on it.
 *
 * @param runKey {@link RunKey#hash} of the run
 * @param attempt the attempt
 * @param status how far it came
 * @param exitCode what the process ended with, 0 while it runs
 * @param cause message of the first failure, empty if there is none
 * @param version the committed version, 0 if there is none
 * @param started when the attempt began
 * @param updated when this record was written: for an ended attempt, its end
 */
public record RunRecord(
    String runKey,
    String attempt,
    Status status,
    int exitCode,
    String cause,
    long version,
    Instant started,
    Instant updated) {

  private static final SealedJson FILE =
      new SealedJson(
          "weft-run", 1, "run record", "Nothing else depends on it: remove it, or leave it.");

  /** How far an attempt came. A killed process stays RUNNING. */
  public enum Status {
    RUNNING,
    SUCCEEDED,
    FAILED
  }

  /** An attempt that begins. */
  public static RunRecord running(String runKey, String attempt, Clock clock) {
    Instant now = clock.instant();
    return new RunRecord(runKey, attempt, Status.RUNNING, 0, "", 0, now, now);
  }

  /** The same attempt after its commit. */
  public RunRecord succeeded(Snapshot committed, Clock clock) {
    return new RunRecord(
        runKey,
        attempt,
        Status.SUCCEEDED,
        ExitCode.OK.code(),
        "",
        committed.version(),
        started,
        clock.instant());
  }

  /** The same attempt after a failure. */
  public RunRecord failed(ExitCode exitCode, String cause, Clock clock) {
    return new RunRecord(
        runKey, attempt, Status.FAILED, exitCode.code(), cause, 0, started, clock.instant());
  }

  /** The content of the record's file. */
  byte[] toBytes() {
    return FILE.write(this);
  }

  /** Reads a record's file, or says plainly why not. */
  static RunRecord parse(byte[] bytes, String place) {
    return FILE.read(bytes, RunRecord.class, place);
  }
}
