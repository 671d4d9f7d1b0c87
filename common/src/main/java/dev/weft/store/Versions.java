package dev.weft.store;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.LongFunction;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The manifests of an artefact. */
record Versions(String artefact, NumberedFiles manifests) {
  private static final Logger LOG = LoggerFactory.getLogger(Versions.class);

  /** How often a store may fail at the same version before the commit is given up. */
  private static final int PATIENCE = 3;

  /** The newest version, 0 where there is none. */
  long newest() {
    return manifests.newest();
  }

  Path path(long version) {
    return manifests.path(version);
  }

  Optional<Manifest> read(long version) {
    return manifests.read(version).map(bytes -> parse(bytes, version));
  }

  /** All versions, newest first. */
  List<Manifest> all() {
    List<Manifest> all = new ArrayList<>();
    for (long version : manifests.numbers().descendingSet()) {
      read(version).ifPresent(all::add); // vacuum may have been faster
    }
    return all;
  }

  private Manifest parse(byte[] bytes, long version) {
    Manifest manifest = Manifest.parse(bytes, path(version).toString());
    if (!manifest.artefact().equals(artefact) || manifest.version() != version) {
      throw new WeftException(
          ExitCode.IO,
          "Cannot read %s: it is the manifest of version %d of '%s', and lies where version %d of"
              + " '%s' belongs. Put it back.",
          path(version),
          manifest.version(),
          manifest.artefact(),
          version,
          artefact);
    }
    return manifest;
  }

  /**
   * Commits. The rule, applied anew whenever another writer was faster:
   *
   * <ol>
   *   <li>If a version newer than {@code base} has the run key, that is the result: it is this very
   *       commit, whose outcome was unknown, or a twin's, whose data is as good.
   *   <li>If the request declares a parent and the newest version is another, the commit is refused
   *       (try later): what it continues is history.
   *   <li>Otherwise it takes the number after the newest.
   * </ol>
   *
   * @param base the newest version when the work began
   * @param parent the version the output continues
   * @param manifest the manifest for a version number
   * @return what was committed, as read back
   */
  Manifest publish(
      ExclusiveCreate exclusive,
      long base,
      OptionalLong parent,
      String runKey,
      LongFunction<Manifest> manifest) {
    int failures = 0;
    while (true) {
      NavigableSet<Long> numbers = manifests.numbers();
      for (long version : numbers.tailSet(base, false)) {
        Optional<Manifest> newer = read(version).filter(one -> one.runKey().equals(runKey));
        if (newer.isPresent()) {
          return newer.get();
        }
      }
      long newest = numbers.isEmpty() ? 0 : numbers.last();
      if (parent.isPresent() && parent.getAsLong() != newest) {
        throw new WeftException(
            ExitCode.TRY_LATER,
            "Cannot commit to %s: the output continues version %d, but version %d was committed in"
                + " the meantime. Run the same command again to start from that one.",
            artefact,
            parent.getAsLong(),
            newest);
      }
      long next = newest + 1;
      try {
        exclusive.create(path(next), manifest.apply(next).toBytes());
      } catch (IOException e) {
        // Whether the file is there now, and whose it is, only looking can tell.
        if (manifests.numbers().contains(next)) {
          LOG.info("Version {} of {} is there already; looking whose it is", next, artefact);
        } else if (++failures == PATIENCE) {
          throw Storage.failed(e, "create %s", path(next));
        }
      }
    }
  }
}
