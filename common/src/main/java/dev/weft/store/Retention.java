package dev.weft.store;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.fs.FileStatus;

/**
 * Which versions stay. A version is kept if it is among the newest, young, tagged, or named by a
 * {@link Release} that is kept; the others are taken out of service by {@link Vacuum}, and their
 * files go once nobody can be reading them.
 *
 * @param keepNewest how many of the newest versions stay, at least 1
 * @param keepYounger versions committed less than this ago stay
 * @param grace how long files outlive the last moment at which anybody could begin to use them;
 *     must be longer than the longest job plus the difference of any two clocks
 */
public record Retention(int keepNewest, Duration keepYounger, Duration grace) {

  /** Checks the ranges. */
  public Retention {
    if (keepNewest < 1 || keepYounger.isNegative() || grace.isNegative()) {
      throw new IllegalArgumentException(
          "Cannot keep the newest "
              + keepNewest
              + " versions and those younger than "
              + keepYounger
              + " with a grace of "
              + grace
              + ": at least one version must stay, and durations are not negative.");
    }
  }

  /** What vacuum would do now. Nothing is changed until {@link Vacuum#carryOut}. */
  public Vacuum plan(Artefact artefact, Clock clock) {
    Instant now = clock.instant();
    Set<Long> held = artefact.held(new HashMap<>());
    List<Long> retire = new ArrayList<>();
    List<Snapshot> newestFirst = artefact.history();
    for (int rank = keepNewest; rank < newestFirst.size(); rank++) {
      Manifest manifest = newestFirst.get(rank).manifest();
      boolean young = manifest.committed().isAfter(now.minus(keepYounger));
      if (!young && !held.contains(manifest.version())) {
        retire.add(manifest.version());
      }
    }
    Retired retired = new Retired(artefact);
    Set<String> named = retired.namedSince(now.minus(grace));
    named.addAll(Retired.named(newestFirst.stream().map(Snapshot::manifest).toList()));
    return new Vacuum(artefact, now, grace, retire, unnamed(artefact, named, now));
  }

  /** The files that nobody names, of attempts that wrote nothing during the grace period. */
  private List<FileStatus> unnamed(Artefact artefact, Set<String> named, Instant now) {
    List<FileStatus> all;
    try {
      all = Storage.listDeep(artefact.files(), artefact.data());
    } catch (IOException e) {
      throw Storage.failed(e, "list %s", artefact.data());
    }
    Map<String, Long> lastWrite = new HashMap<>(); // by attempt: one that still writes stays whole
    for (FileStatus file : all) {
      lastWrite.merge(attempt(artefact, file), file.getModificationTime(), Math::max);
    }
    long before = now.minus(grace).toEpochMilli();
    return all.stream()
        .filter(file -> !named.contains(artefact.relative(file.getPath())))
        .filter(file -> lastWrite.get(attempt(artefact, file)) < before)
        .toList();
  }

  private static String attempt(Artefact artefact, FileStatus file) {
    String path = artefact.relative(file.getPath());
    return path.substring(0, Math.max(0, path.indexOf('/')));
  }
}
