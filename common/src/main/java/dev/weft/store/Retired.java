package dev.weft.store;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The manifests that vacuum took out of service, each with the time in its name. Readers that
 * resolved one before, and writers that took over its files, are safe for the grace period.
 */
record Retired(Artefact artefact) {
  private static final Pattern NAME = Pattern.compile("\\d{20}-(\\d{1,18})\\.json");

  private record Entry(Path path, Instant time) {}

  /** The paths of all files that some manifests name. */
  static Set<String> named(List<Manifest> manifests) {
    Set<String> named = new HashSet<>();
    for (Manifest manifest : manifests) {
      manifest.files().forEach(file -> named.add(file.path()));
    }
    return named;
  }

  /** The paths of all files of versions retired since the given time. */
  Set<String> namedSince(Instant since) {
    List<Manifest> manifests = new ArrayList<>();
    for (Entry entry : entries()) {
      if (!entry.time().isBefore(since)) {
        manifests.add(read(entry.path()));
      }
    }
    return named(manifests);
  }

  /** Takes a version out of service. Its manifest is copied first, so it never names nothing. */
  void add(ExclusiveCreate exclusive, long version, Instant now) {
    Path from = artefact.versions().path(version);
    Path to =
        new Path(
            artefact.retired(),
            String.format(Locale.ROOT, "%020d-%d.json", version, now.toEpochMilli()));
    try {
      Optional<byte[]> manifest = Storage.read(artefact.files(), from);
      if (manifest.isEmpty()) {
        return; // another vacuum was faster
      }
      copy(exclusive, manifest.get(), to);
      artefact.files().delete(from, false);
    } catch (IOException e) {
      throw Storage.failed(e, "retire %s", from);
    }
  }

  /** A copy that a vacuum made at the same time, and was cut off after, serves as well. */
  private void copy(ExclusiveCreate exclusive, byte[] manifest, Path to) throws IOException {
    try {
      exclusive.create(to, manifest);
    } catch (IOException e) {
      Optional<byte[]> there = Storage.read(artefact.files(), to);
      if (there.isEmpty() || !Arrays.equals(there.get(), manifest)) {
        throw e;
      }
    }
  }

  /** Forgets the versions retired before the given time. */
  void forget(Instant before) {
    for (Entry entry : entries()) {
      if (entry.time().isBefore(before)) {
        try {
          artefact.files().delete(entry.path(), false);
        } catch (IOException e) {
          throw Storage.failed(e, "delete %s", entry.path());
        }
      }
    }
  }

  /** Reads every retired manifest. */
  void readAll(BiConsumer<Path, Runnable> each) {
    entries().forEach(entry -> each.accept(entry.path(), () -> read(entry.path())));
  }

  private List<Entry> entries() {
    List<Entry> entries = new ArrayList<>();
    try {
      for (FileStatus file : Storage.list(artefact.files(), artefact.retired())) {
        Matcher name = NAME.matcher(file.getPath().getName());
        if (name.matches()) {
          Instant time = Instant.ofEpochMilli(Long.parseLong(name.group(1)));
          entries.add(new Entry(file.getPath(), time));
        }
      }
    } catch (IOException e) {
      throw Storage.failed(e, "list %s", artefact.retired());
    }
    return entries;
  }

  private Manifest read(Path path) {
    try {
      byte[] bytes =
          Storage.read(artefact.files(), path)
              .orElseThrow(
                  () ->
                      new WeftException(
                          ExitCode.TRY_LATER,
                          "Cannot vacuum %s: %s went while it was looked at. Another vacuum is at"
                              + " work; run the same command when it has ended.",
                          artefact.name(),
                          path));
      return Manifest.parse(bytes, path.toString());
    } catch (IOException e) {
      throw Storage.failed(e, "read %s", path);
    }
  }
}
