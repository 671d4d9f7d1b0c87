package dev.weft.jobs.doctor;

import static dev.weft.jobs.doctor.Check.Outcome.ERROR;
import static dev.weft.jobs.doctor.Check.Outcome.WARNING;

import dev.weft.WeftException;
import dev.weft.jobs.Session;
import dev.weft.store.Artefact;
import dev.weft.store.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Looks at what is published: whether it is whole, and whether its parts fit each other. */
final class ArtefactChecks {
  /** Beyond it a file is only asked for its length. */
  private static final long VERIFIED_BYTES = 256L << 20;

  private static final String ENCODER = "encoder";

  private ArtefactChecks() {}

  /** All checks of the root. */
  static List<Check> of(Session session) {
    List<Check> checks = new ArrayList<>();
    Map<String, String> encoders = new TreeMap<>();
    for (Artefact artefact : Artefact.all(session.hadoop(), session.config().root())) {
      if (!artefact.name().endsWith("/checkpoint")) {
        look(artefact, checks, encoders);
      }
    }
    String ours = encoders.getOrDefault("encode", encoders.getOrDefault("align", ""));
    encoders.forEach(
        (name, encoder) ->
            checks.add(
                Check.of(
                    "encoder-agreement",
                    name,
                    encoder.equals(ours),
                    WARNING,
                    encoder.equals(ours)
                        ? "made with the encoder in use"
                        : "made with " + encoder + ", the encoder in use is " + ours,
                    "vectors of two encoders do not compare, and the stages refuse them",
                    "run scripts/weft " + name.replaceAll("/.*", "") + " again")));
    return checks;
  }

  private static void look(Artefact artefact, List<Check> checks, Map<String, String> encoders) {
    try {
      Optional<Snapshot> newest = artefact.latest();
      if (newest.isEmpty()) {
        return;
      }
      // The shards of encode have more than its name there, and look after themselves.
      if (newest.get().manifest().facts().get(ENCODER) instanceof String encoder) {
        encoders.put(artefact.name(), encoder);
      }
      long bytes = newest.get().manifest().files().stream().mapToLong(file -> file.bytes()).sum();
      if (bytes <= VERIFIED_BYTES) {
        newest.get().verify();
      }
      checks.add(
          Check.fine(
              "published",
              artefact.name(),
              "version "
                  + newest.get().version()
                  + ", "
                  + (bytes >> 10)
                  + " KiB"
                  + (bytes <= VERIFIED_BYTES
                      ? ", checksums right"
                      : ", too large to verify here")));
    } catch (WeftException e) {
      checks.add(
          new Check(
              "published",
              artefact.name(),
              ERROR,
              e.getMessage(),
              "every stage that reads it stops there",
              "scripts/weft roll-back, or run scripts/weft "
                  + artefact.name().replaceAll("/.*", "")
                  + " --force"));
    }
  }
}
