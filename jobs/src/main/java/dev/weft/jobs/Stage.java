package dev.weft.jobs;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.WeftException;
import dev.weft.jobs.store.Table;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.Provenance;
import dev.weft.store.RunKey;
import dev.weft.store.RunRecord;
import dev.weft.store.Snapshot;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;

/**
 * One stage under the snapshot protocol: nothing to do if its output is already published, else
 * write a fresh attempt and publish it whole, with a run record either way.
 *
 * @param name the command, such as {@code ingest}
 * @param artefact what it publishes, such as {@code train/gated}
 * @param settings what the output depends on besides the inputs, see {@link #settings}
 * @param inputs the snapshots it reads, pinned
 * @param tables the tables it writes; plain files need no mention
 * @param codeFormat raised whenever the same settings and inputs would give other output
 */
public record Stage(
    String name,
    String artefact,
    Map<String, Object> settings,
    List<Snapshot> inputs,
    List<Table> tables,
    int codeFormat) {

  private static final JsonMapper JSON = new JsonMapper();

  /** The work of a stage. */
  @FunctionalInterface
  public interface Body {
    /**
     * Writes the output.
     *
     * @param attempt where to
     * @return figures for the manifest and the {@code RESULT} line, by name
     */
    Map<String, Object> write(Attempt attempt);
  }

  /** A configuration record as the plain values a run key is made of. */
  public static Map<String, Object> settings(Record config) {
    return JSON.convertValue(config, new TypeReference<TreeMap<String, Object>>() {});
  }

  /** Runs the stage, or finds that there is nothing to do. */
  public StageResult run(Session session, Body body) {
    long start = session.clock().millis();
    Artefact output = session.artefact(artefact);
    String key = runKey();
    Optional<Snapshot> published = published(session, output, key);
    if (published.isPresent()) {
      return result(session, StageResult.UP_TO_DATE, published.get(), start);
    }
    Attempt attempt = output.begin(UUID.randomUUID().toString());
    // A twin may have committed between the look and the beginning, which a commit does not see.
    published = published(session, output, key);
    if (published.isPresent()) {
      return result(session, StageResult.UP_TO_DATE, published.get(), start);
    }
    RunRecord record = RunRecord.running(key, attempt.id(), session.clock());
    output.record(record);
    try {
      Map<String, Object> figures = body.write(attempt);
      Snapshot committed = attempt.commit(commitRequest(session, figures));
      output.record(record.succeeded(committed, session.clock()));
      return result(session, StageResult.DONE, committed, start);
    } catch (RuntimeException | Error e) {
      recordFailure(output, record, e, session);
      throw e;
    }
  }

  private static Optional<Snapshot> published(Session session, Artefact output, String key) {
    return session.force()
        ? Optional.empty()
        : output.withRunKey(key).map(one -> output.republish(one, session.clock()));
  }

  /** Hash of everything the output depends on. */
  public String runKey() {
    return new RunKey(name, settings, inputIds(), codeFormat).hash();
  }

  /** What a commit in the name of this stage says: its output, or a checkpoint on the way there. */
  public CommitRequest commitRequest(Session session, Map<String, Object> facts) {
    Map<String, String> schemas = Table.schemas(tables.toArray(Table[]::new));
    Provenance provenance =
        Provenance.here(
            new RunKey(name, settings, Map.of(), codeFormat).hash(),
            inputIds(),
            Commands.Version.version(),
            session.config().seed());
    return new CommitRequest(runKey(), provenance, schemas, facts, session.clock().instant());
  }

  private Map<String, String> inputIds() {
    Map<String, String> ids = new TreeMap<>();
    inputs.forEach(input -> ids.put(input.artefact().name(), input.manifest().attempt()));
    return ids;
  }

  private StageResult result(Session session, String status, Snapshot snapshot, long start) {
    double seconds = (session.clock().millis() - start) / 1000.0;
    return new StageResult(
        name, status, Optional.of(snapshot), seconds, snapshot.manifest().facts());
  }

  /** Writes down why a run failed; a failing store must not hide it. */
  public static void recordFailure(
      Artefact output, RunRecord record, Throwable failure, Session session) {
    WeftException plain = CommandLineInterface.plain(failure);
    try {
      output.record(record.failed(plain.exitCode(), plain.getMessage(), session.clock()));
    } catch (WeftException e) {
      failure.addSuppressed(e);
    }
  }
}
