package dev.weft.jobs.doctor;

import static dev.weft.jobs.doctor.Check.Outcome.ERROR;
import static dev.weft.jobs.doctor.Check.Outcome.WARNING;

import dev.weft.store.StoreProbe;
import java.util.ArrayList;
import java.util.List;

/** Judges the place where all artefacts live. */
final class StorageChecks {
  private static final long SKEW_MILLIS = 60_000;
  private static final long ROOM = 1L << 30;

  private StorageChecks() {}

  /**
   * All checks of a root.
   *
   * @param root where
   * @param probe what was found there
   */
  static List<Check> of(String root, StoreProbe probe) {
    List<Check> checks = new ArrayList<>();
    boolean writable = probe.failure().isEmpty();
    checks.add(
        Check.of(
            "root-writable",
            root,
            writable,
            ERROR,
            writable ? "a file could be written and read" : probe.failure(),
            "no stage can publish anything",
            "root: a folder that this user may write to"));
    if (!writable) {
      return checks;
    }
    checks.add(
        Check.of(
            "root-exclusive-create",
            root,
            probe.exclusive(),
            ERROR,
            probe.exclusive()
                ? "a second writer is refused"
                : "a second writer overwrites the first",
            "two jobs could publish the same version, and one would be lost",
            "a store that honours If-None-Match, or spark.hadoop.weft.store.single-writer=true"));
    checks.add(
        Check.of(
            "root-listing",
            root,
            probe.listed(),
            ERROR,
            probe.listed() ? "shows a new file at once" : "does not show a new file",
            "a reader would miss the newest version",
            "a consistent store (S3 since 2020, HDFS)"));
    checks.add(
        Check.of(
            "root-clock",
            root,
            Math.abs(probe.clockAhead()) <= SKEW_MILLIS,
            WARNING,
            probe.clockAhead() + " ms ahead of the driver",
            "vacuum compares times of files with the driver's clock",
            "switch time synchronisation on: timedatectl set-ntp true"));
    long free = probe.freeBytes().orElse(Long.MAX_VALUE);
    checks.add(
        Check.of(
            "root-room",
            root,
            free >= ROOM,
            ERROR,
            probe.freeBytes().map(bytes -> (bytes >> 20) + " MiB free").orElse("not said"),
            "stages stop in the middle",
            "root: on a larger disk, or scripts/weft vacuum"));
    return checks;
  }
}
