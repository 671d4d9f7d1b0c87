package dev.weft.jobs.encode;

import dev.weft.WeftException;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.store.Table;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.FileEntry;
import dev.weft.store.Retention;
import dev.weft.store.Snapshot;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The vectors that a run of encode has made so far, as snapshots of {@code encode/shards}: a shard
 * is what one task encodes, and is published as soon as its task is done. A run that is killed
 * loses the shards that its tasks were at, one for each task slot; the next run of the same encoder
 * goes on from the others.
 *
 * <p>When the stage has published its tables, an empty version takes the shards' place.
 *
 * <p>Used by the driver's main thread alone.
 */
final class Shards {
  private static final Logger LOG = LoggerFactory.getLogger(Shards.class);
  private static final int CODE_FORMAT = 1;
  private static final List<Table> TABLES = List.of(Table.IMAGE_VECTORS, Table.TEXT_VECTORS);

  /** Versions between two vacuums: one lists and reads more than a commit writes. */
  private static final int KEPT = 20;

  /** A driver that is just starting reads superseded files within seconds. */
  private static final Duration GRACE = Duration.ofMinutes(10);

  private final Session session;
  private final Artefact artefact;
  private final Map<String, Object> encoder;
  private final String run = UUID.randomUUID().toString();
  private final List<FileEntry> entries = new ArrayList<>();
  private Optional<Snapshot> newest = Optional.empty();
  private int commits;

  /**
   * The shards of an encoder.
   *
   * @param encoder what decides a vector besides the content, as the facts of encode state it
   */
  Shards(Session session, Map<String, Object> encoder) {
    this.session = session;
    this.artefact = session.artefact("encode/shards");
    this.encoder = Map.copyOf(encoder);
  }

  /** Takes up what a run of the same encoder left, unless the outputs are to be made anew. */
  void resume() {
    Optional<Snapshot> left =
        artefact
            .latest()
            .filter(snapshot -> !session.force())
            .filter(snapshot -> !snapshot.manifest().files().isEmpty())
            .filter(snapshot -> encoder.equals(snapshot.manifest().facts().get("encoder")));
    left.ifPresent(
        snapshot -> {
          newest = left;
          entries.addAll(snapshot.manifest().files());
          session
              .progress()
              .say("  goes on with the " + entries.size() + " shards of a run that did not end");
        });
  }

  /** The vectors of one table that are there; empty where there are none. */
  Optional<Dataset<Row>> read(Table table) {
    return newest
        .filter(snapshot -> snapshot.manifest().schemas().containsKey(table.name()))
        .map(snapshot -> table.read(session.spark(), snapshot));
  }

  /**
   * Computes rows, each partition of them a shard.
   *
   * @return how many rows
   */
  long write(Table table, Dataset<Row> rows) {
    Attempt files = artefact.begin(run + "-" + table.name().replace('_', '-'));
    List<FileEntry> done = new ArrayList<>();
    table.write(
        rows,
        files,
        finished -> {
          done.addAll(finished);
          entries.addAll(finished);
          publish();
        });
    return done.stream().mapToLong(FileEntry::rows).sum();
  }

  /** The stage has published its tables: the shards are of no more use. */
  void finish() {
    if (newest.isPresent()) {
      entries.clear();
      publish();
      keep(1);
    }
  }

  private void publish() {
    Attempt attempt = artefact.begin(run + "-" + commits);
    entries.forEach(attempt::add);
    newest =
        Optional.of(attempt.commit(stage().commitRequest(session, Map.of("encoder", encoder))));
    commits++;
    if (commits % KEPT == 0) {
      keep(2);
    }
  }

  /** Each version has a run key of its own: two drivers that run at once keep their own shards. */
  private Stage stage() {
    Set<String> written = new HashSet<>();
    entries.forEach(entry -> written.add(entry.table()));
    return new Stage(
        "encode",
        artefact.name(),
        Map.of("encoder", encoder, "run", run, "commit", commits),
        List.of(),
        TABLES.stream().filter(table -> written.contains(table.name())).toList(),
        CODE_FORMAT);
  }

  private void keep(int versions) {
    try {
      new Retention(versions, Duration.ZERO, GRACE).plan(artefact, session.clock()).carryOut();
    } catch (WeftException e) {
      LOG.warn("Old shards stay for now: {}", e.getMessage()); // the next vacuum takes them
    }
  }
}
