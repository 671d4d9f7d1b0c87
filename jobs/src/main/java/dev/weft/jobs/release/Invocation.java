package dev.weft.jobs.release;

import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.store.Artefact;
import dev.weft.store.RunKey;
import dev.weft.store.RunRecord;
import java.time.Instant;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One run of {@code fine-tune} as its scheduler sees it: a run record from before the first phase
 * to the end, found again by the id that the scheduler gave. Each id keeps its last {@value #KEPT}
 * runs, whatever the schedule.
 *
 * <p>Records are in the order in which runs began also where the clock was set back: a run begins
 * after the one before it in any case.
 */
final class Invocation {
  private static final int KEPT = 32;

  private final Session session;
  private final Artefact artefact;
  private final RunRecord record;

  private Invocation(Session session, Artefact artefact, RunRecord record) {
    this.session = session;
    this.artefact = artefact;
    this.record = record;
  }

  /**
   * Does some work under a record of it.
   *
   * @param artefact whose run it is
   * @param id what the scheduler calls the run
   */
  static StageResult recorded(
      Session session, Artefact artefact, String id, Supplier<StageResult> work) {
    Invocation invocation = begin(session, artefact, id);
    session.progress().say("run key " + invocation.record.runKey());
    try {
      StageResult result = work.get();
      invocation.succeeded(result);
      return result.with("run_key", invocation.record.runKey());
    } catch (RuntimeException | Error e) {
      Stage.recordFailure(artefact, invocation.record, e, session);
      throw e;
    }
  }

  private static Invocation begin(Session session, Artefact artefact, String id) {
    String key = key(id);
    Optional<RunRecord> last =
        artefact.runs().stream()
            .filter(run -> run.runKey().equals(key))
            .max(Comparator.comparing(RunRecord::started));
    int slot = last.map(run -> (Integer.parseInt(run.attempt().substring(4)) + 1) % KEPT).orElse(0);
    RunRecord running =
        RunRecord.running(key, String.format(Locale.ROOT, "run-%02d", slot), session.clock());
    Instant begun =
        last.map(run -> run.started().plusMillis(1))
            .filter(after -> after.isAfter(running.started()))
            .orElse(running.started());
    RunRecord record =
        new RunRecord(
            key,
            running.attempt(),
            running.status(),
            running.exitCode(),
            running.cause(),
            0,
            begun,
            begun);
    artefact.record(record);
    return new Invocation(session, artefact, record);
  }

  /** The run key of an id. */
  static String key(String id) {
    return new RunKey("fine-tune", Map.of("id", id), Map.of(), 1).hash();
  }

  private void succeeded(StageResult result) {
    result
        .snapshot()
        .ifPresent(decision -> artefact.record(record.succeeded(decision, session.clock())));
  }
}
