package dev.weft.jobs.train;

import com.fasterxml.jackson.core.JsonProcessingException;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.FileEntry;
import dev.weft.store.Retention;
import dev.weft.store.Snapshot;
import dev.weft.train.Checkpoint;
import java.io.CharConversionException;
import java.io.IOException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The states of a training run, as snapshots of {@code train/<head>/checkpoint} under the run key
 * of the stage. Only the newest few stay.
 */
final class Checkpoints {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);
  private static final String PARTITIONS = "partitions";

  /**
   * How long the files of a superseded checkpoint stay. Only a driver that is just starting reads
   * them, within seconds; if they go under its hands it takes an older one or begins anew.
   */
  private static final Duration GRACE = Duration.ofMinutes(10);

  private final Session session;
  private final Stage stage;
  private final Artefact artefact;
  private final int kept;
  private int saved;

  Checkpoints(Session session, Stage stage) {
    this.session = session;
    this.stage = stage;
    this.kept = session.config().train().checkpointsKept();
    this.artefact = session.artefact(stage.artefact() + "/checkpoint");
  }

  /**
   * A checkpoint as it was stored.
   *
   * @param state the state of the run
   * @param partitions slices of a step, part of what fixes the bytes of the run
   * @param place version and artefact, in words
   */
  record Saved(Checkpoint state, int partitions, String place) {}

  /**
   * The newest readable checkpoint of this very run; one that is not readable is reported, and the
   * one before it taken.
   */
  Optional<Saved> newest() {
    for (long version : artefact.versionNumbers()) {
      Optional<Saved> saved = read(version);
      if (saved.isPresent()) {
        return saved;
      }
    }
    return Optional.empty();
  }

  /** The state of a version; empty if it is of another run, or cannot be read. */
  private Optional<Saved> read(long version) {
    String place = "version " + version + " of " + artefact.name();
    try {
      Optional<Snapshot> snapshot =
          artefact.at(version).filter(one -> one.manifest().runKey().equals(stage.runKey()));
      return snapshot.map(one -> state(one, place));
    } catch (WeftException e) {
      if (unreachable(e)) {
        throw e; // a store that does not answer is no reason to throw the work of days away
      }
      session.progress().say("  passing over the checkpoint in " + place + ": " + e.getMessage());
      return Optional.empty();
    }
  }

  private static Saved state(Snapshot snapshot, String place) {
    Map<String, byte[]> files = new TreeMap<>();
    for (FileEntry file : snapshot.manifest().files()) {
      files.put(file.name(), snapshot.read(file.name()));
    }
    int partitions = (Integer) snapshot.manifest().facts().get(PARTITIONS);
    return new Saved(Checkpoint.of(files), partitions, place);
  }

  /** Whether it was the store that failed; content that is no JSON is damage. */
  private static boolean unreachable(WeftException failure) {
    Throwable cause = failure.getCause();
    return failure.exitCode() == ExitCode.IO
        && cause instanceof IOException
        && !(cause instanceof JsonProcessingException || cause instanceof CharConversionException);
  }

  /**
   * Publishes a state.
   *
   * @param state the state between two steps
   * @param partitions slices of a step
   */
  void save(Checkpoint state, int partitions) {
    Attempt attempt = artefact.begin(UUID.randomUUID().toString());
    state.files().forEach(attempt::write);
    attempt.commit(
        stage.commitRequest(session, Map.of("step", state.step(), PARTITIONS, partitions)));
    saved++;
    if (saved % kept == 0) { // not each time: a vacuum lists and reads more than a save writes
      keep(kept);
    }
  }

  /** The head is published: only the last state stays, to look at. */
  void supersede() {
    keep(1);
  }

  private void keep(int newest) {
    try {
      new Retention(newest, Duration.ZERO, GRACE).plan(artefact, session.clock()).carryOut();
    } catch (WeftException e) {
      // Files that stay too long are no reason to stop a training run; the next time takes them.
      LOG.warn("Old checkpoints of {} stay for now: {}", artefact.name(), e.getMessage());
    }
  }
}
