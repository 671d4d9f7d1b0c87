package dev.weft.jobs.train;

import dev.weft.store.Artefact;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;

/**
 * What a training run has committed so far, read from outside as any reader would.
 *
 * @param root of all artefacts
 * @param head the name of the head
 */
record TrainHistory(Path root, String head) {

  /** The checkpoints. */
  Artefact checkpoints() {
    return open("train/" + head + "/checkpoint");
  }

  private Artefact open(String name) {
    return Artefact.open(new Configuration(), root.toString(), name);
  }

  /** Step of the newest checkpoint, 0 before the first. */
  long step() {
    return checkpoints()
        .latest()
        .map(newest -> ((Number) newest.manifest().facts().get("step")).longValue())
        .orElse(0L);
  }

  /** Number of the newest checkpoint, 0 before the first. */
  long version() {
    return checkpoints().latest().map(Snapshot::version).orElse(0L);
  }

  /** Whether the head is published. */
  boolean done() {
    return open("train/" + head).latest().isPresent();
  }

  /** SHA-256 of the parameters of the published head. */
  String parameters() {
    return DigestUtils.sha256Hex(open("train/" + head).require().read("params.bin"));
  }

  /** The losses of the epochs of the published head. */
  String history() {
    return new String(open("train/" + head).require().read("history.json"), StandardCharsets.UTF_8);
  }

  /**
   * What is wrong with the versions, if anything: the newest must be at least the one seen before,
   * the numbers without gaps, and every byte as it was written.
   *
   * @param seen the newest version before the kill
   */
  Optional<String> loss(long seen) {
    List<Snapshot> newestFirst = checkpoints().history();
    long expected = newestFirst.isEmpty() ? 0 : newestFirst.get(0).version();
    if (expected < seen) {
      return Optional.of("version " + seen + " was committed and the newest is " + expected);
    }
    for (Snapshot snapshot : newestFirst) {
      if (snapshot.version() != expected--) {
        return Optional.of("version " + (expected + 1) + " is missing");
      }
      snapshot.verify();
    }
    return Optional.empty();
  }

  /** Whether the last attempt at a checkpoint has files, and no version names it. */
  boolean interruptedCommit() {
    Optional<Path> newest = newestAttempt();
    return newest.isPresent()
        && checkpoints().history().stream()
            .noneMatch(
                snapshot ->
                    snapshot.manifest().attempt().equals(newest.get().getFileName().toString()));
  }

  /** How many attempts there are whose files still lie there. */
  long attempts() {
    return listAttempts().size();
  }

  private Optional<Path> newestAttempt() {
    return listAttempts().stream().max(Comparator.comparing(path -> path.toFile().lastModified()));
  }

  private List<Path> listAttempts() {
    Path data = root.resolve("train").resolve(head).resolve("checkpoint/data");
    if (!Files.isDirectory(data)) {
      return List.of();
    }
    try (Stream<Path> attempts = Files.list(data)) {
      return attempts.toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
