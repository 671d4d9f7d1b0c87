package dev.weft.store;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * The versions of several artefacts that answer users together: an index, the fusion head that
 * composes its queries, the encoder of both, and the evaluation that spoke for them.
 *
 * <p>A release is a version of the artefact {@code release}, and its one manifest names them all,
 * so committing that manifest moves them all at once: no reader ever sees a new head with an old
 * index. The newest release is the current one; {@link Artefact#republish} of an older one rolls
 * back. Its versions carry the tag {@value #TAG}, and vacuum spares what a kept release names.
 *
 * @param snapshot the version of {@code release}
 * @param parts artefact name to version
 */
public record Release(Snapshot snapshot, Map<String, Long> parts) {
  /** The artefact whose versions are releases. */
  public static final String ARTEFACT = "release";

  /** The tag of the versions that the current release names. */
  public static final String TAG = "prod";

  private static final String PARTS = "parts";

  public Release {
    parts = Collections.unmodifiableMap(new TreeMap<>(parts));
  }

  /** Reads what a version of {@code release} says. */
  public static Release of(Snapshot snapshot) {
    Map<String, Long> parts = new TreeMap<>();
    if (snapshot.manifest().facts().get(PARTS) instanceof Map<?, ?> named) {
      named.forEach((name, version) -> parts.put((String) name, ((Number) version).longValue()));
    }
    return new Release(snapshot, parts);
  }

  /** Name and value of the fact that a manifest of a release has of its parts. */
  public static Map.Entry<String, Object> fact(Collection<Snapshot> parts) {
    Map<String, Long> versions = new TreeMap<>();
    parts.forEach(part -> versions.put(part.artefact().name(), part.version()));
    return Map.entry(PARTS, versions);
  }

  /** The release that holds now, if there is one, of the root that an artefact lies under. */
  static Optional<Release> current(Artefact any) {
    return any.sibling(ARTEFACT).latest().map(Release::of);
  }

  /**
   * The versions of an artefact that any release in service names.
   *
   * @param known releases by their number, which are not read again: they never change; those that
   *     had to be read are added
   */
  static Set<Long> named(Artefact artefact, Map<Long, Release> known) {
    Artefact releases = artefact.sibling(ARTEFACT);
    Set<Long> named = new HashSet<>();
    for (long version : releases.versionNumbers()) {
      if (!known.containsKey(version)) {
        releases.at(version).ifPresent(release -> known.put(version, of(release)));
      }
      Optional.ofNullable(known.get(version)) // vacuum may have been faster
          .map(release -> release.parts().get(artefact.name()))
          .ifPresent(named::add);
    }
    return named;
  }

  /** Its number. */
  public long version() {
    return snapshot.version();
  }

  /** The version that it names of an artefact, if any; of {@code release} its own. */
  Optional<Long> versionOf(String artefact) {
    return artefact.equals(ARTEFACT)
        ? Optional.of(version())
        : Optional.ofNullable(parts.get(artefact));
  }

  /** The part of an artefact, if it has one. */
  public Optional<Snapshot> part(String artefact) {
    return Optional.ofNullable(parts.get(artefact)).map(version -> require(artefact, version));
  }

  /** The fusion head. */
  public Optional<Snapshot> head() {
    return parts.keySet().stream()
        .filter(name -> name.startsWith("train/"))
        .findFirst()
        .flatMap(this::part);
  }

  /** All parts, or a plain failure if one is not there (any more). */
  public List<Snapshot> requireParts() {
    return parts.entrySet().stream().map(part -> require(part.getKey(), part.getValue())).toList();
  }

  private Snapshot require(String artefact, long version) {
    return snapshot
        .artefact()
        .sibling(artefact)
        .at(version)
        .orElseThrow(
            () ->
                new WeftException(
                    ExitCode.IO,
                    "Cannot use release %d: it names version %d of %s, which is not there any more."
                        + " Roll back to another release: scripts/weft roll-back release N;"
                        + " scripts/weft status shows the current one.",
                    version(),
                    version,
                    artefact));
  }
}
