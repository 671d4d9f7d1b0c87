package dev.weft.jobs.doctor;

import static dev.weft.jobs.doctor.Check.Outcome.ERROR;
import static dev.weft.jobs.doctor.Check.Outcome.WARNING;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Estimates what the run will take, from a measured sample. */
final class PlanChecks {
  private static final String WHERE = "plan";
  private static final long MESSAGE = Integer.MAX_VALUE;
  private static final double LONG_SECONDS = 24 * 3600;

  /** Bytes of an image's row besides its vector: ids, URI, hash. */
  private static final long ROW = 300;

  private PlanChecks() {}

  /**
   * All checks.
   *
   * @param found the data, with a measured sample
   * @param width embedding width D
   * @param slots tasks at a time
   * @param room bytes that the store has left, where it says so
   */
  static List<Check> of(DataChecks.Found found, int width, int slots, Optional<Long> room) {
    List<Check> checks = new ArrayList<>();
    double seconds = found.images() * found.secondsPerImage() / Math.max(1, slots);
    checks.add(
        Check.of(
            "reading-time",
            WHERE,
            seconds <= LONG_SECONDS,
            WARNING,
            String.format(
                Locale.ROOT,
                "%,d images, %.1f ms each in the sample, %d at a time: %.1f min",
                found.images(),
                1000 * found.secondsPerImage(),
                slots,
                seconds / 60),
            "ingest and encode read every image; a run of days is likelier to be interrupted",
            "spark.executor.instances: more executors"));
    long bytes = found.images() * (width * (long) Float.BYTES + ROW);
    checks.add(
        Check.of(
            "vectors-room",
            WHERE,
            room.isEmpty() || 2 * bytes <= room.get(),
            ERROR,
            String.format(
                Locale.ROOT,
                "%,d MiB of vectors of width %d, twice with the index",
                bytes >> 20,
                width),
            "encode and index stop when the disk is full",
            "root: on a larger disk"));
    long message = found.images() * width * Float.BYTES;
    checks.add(
        Check.of(
            "message-size",
            WHERE,
            message <= MESSAGE,
            WARNING,
            String.format(Locale.ROOT, "%,d MiB at most go to every worker", message >> 20),
            "the vectors of training images and of a gallery go to the workers as one message below"
                + " 2 GiB",
            "encode.model: one with narrower vectors, or data sets by category"));
    return checks;
  }
}
