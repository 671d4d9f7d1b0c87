package dev.weft.jobs.release;

import dev.weft.config.Binder;
import dev.weft.evaluate.EvaluateConfig;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.align.AlignJob;
import dev.weft.jobs.encode.EncodeJob;
import dev.weft.jobs.index.IndexJob;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.jobs.ingest.WardrobeJob;
import dev.weft.jobs.store.Table;
import dev.weft.jobs.train.TrainJob;
import dev.weft.release.FineTuneConfig;
import dev.weft.store.Artefact;
import dev.weft.store.FileEntry;
import dev.weft.store.Release;
import dev.weft.store.RunKey;
import dev.weft.store.Snapshot;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The scheduled run: takes in what is new, trains a challenger from the released head, holds it
 * against that champion on the same queries, and releases it if the rules of {@code fine-tune.*}
 * say so. Publishes each decision as a version of the artefact {@code fine-tune}.
 *
 * <p>Every phase is a stage under its own run key, so the same command after a crash goes on where
 * it was cut off. A decision is made once per data and settings: a later run with the same says "up
 * to date", also after a roll-back. The release is committed before the decision; a run that finds
 * the release of its run key, and no decision, writes down that one.
 *
 * <pre>scripts/weft fine-tune --config conf/shop.yaml</pre>
 */
public final class FineTuneJob {
  /** The artefact of decisions. */
  public static final String ARTEFACT = "fine-tune";

  private static final int CODE_FORMAT = 1;

  private final Session session;
  private final Optional<Release> champion;

  private FineTuneJob(Session session) {
    this.session = session;
    this.champion = session.release();
  }

  /**
   * Runs in the given session.
   *
   * @param id what the scheduler calls this run, for {@code status --run-id}; empty for the name of
   *     the pipeline run
   */
  public static StageResult run(Session session, String id) {
    return Invocation.recorded(
        session,
        session.artefact(ARTEFACT),
        id.isEmpty() ? session.config().run() : id,
        () -> new FineTuneJob(session).run());
  }

  /** The run key of an id. */
  public static String runKey(String id) {
    return Invocation.key(id);
  }

  private StageResult run() {
    long start = session.clock().millis();
    if (session.config().wardrobe().enabled()) {
      WardrobeJob.run(session).announced(session.progress());
    }
    Snapshot ingest = IngestJob.run(session).announced(session.progress()).snapshot().orElseThrow();
    Session reading = session.with(List.of(), Map.of("ingest", ingest));
    Session encoding =
        encoder(reading).map(align -> pinned(reading, "align", align)).orElse(reading);
    Snapshot encode =
        EncodeJob.run(encoding).announced(session.progress()).snapshot().orElseThrow();
    Session work = pinned(encoding, "encode", encode);
    Stage stage = stage(work, ingest, encode);
    Artefact releases = session.artefact(Release.ARTEFACT);
    Facts facts = new Facts(triplets(ingest), settingsHash(), encoderOf(encode));
    StageResult decided =
        stage.run(
            session,
            attempt -> {
              // The release is begun before anybody looks for a twin's, so that none is missed.
              var release = releases.begin(attempt.id());
              Optional<Snapshot> made =
                  session.force() ? Optional.empty() : releases.withRunKey(stage.runKey());
              if (made.isPresent()) {
                return Decision.of(Release.of(made.get())).into(attempt);
              }
              Contest contest = new Contest(work, champion);
              boolean trains = champion.isEmpty() || !facts.equals(lastFacts());
              Contest.Result result = trains ? contest.train() : contest.keep();
              Decision decision = result.decision().with(facts.named());
              if (result.parts().isEmpty()) {
                return decision.into(attempt);
              }
              Map<String, Object> carried = new TreeMap<>(result.parts().get().facts());
              carried.put(Decision.FACT, decision.facts());
              Release committed =
                  new Releases(session)
                      .commit(
                          release,
                          stage.commitRequest(session, carried),
                          result.parts().get().all(),
                          champion,
                          String.join("\n", decision.reasons()));
              return Decision.of(committed).into(attempt);
            });
    return result(decided, (session.clock().millis() - start) / 1000.0);
  }

  private static Session pinned(Session session, String name, Snapshot snapshot) {
    return session.with(List.of(), Map.of(name, snapshot));
  }

  /**
   * The encoder in the store that this run works with; none where a model folder is the encoder.
   */
  private Optional<Snapshot> encoder(Session reading) {
    boolean keep = session.config().fineTune().encoder() == FineTuneConfig.EncoderChoice.KEEP;
    boolean trained = session.config().encode().isStarter() || session.config().encode().adapt();
    Optional<Snapshot> released =
        trained && keep ? champion.flatMap(release -> release.part("align")) : Optional.empty();
    return released.isPresent()
        ? released
        : AlignJob.run(reading).announced(session.progress()).snapshot();
  }

  private Stage stage(Session work, Snapshot ingest, Snapshot encode) {
    Map<String, Object> settings = new TreeMap<>(settings());
    settings.put("attributes", IndexJob.attributeState(work));
    List<Snapshot> inputs = new ArrayList<>(List.of(ingest, encode));
    if (session.config().train().hardNegatives() > 0) {
      session.artefact("mine").latest().ifPresent(inputs::add);
    }
    return new Stage(ARTEFACT, ARTEFACT, settings, inputs, List.of(), CODE_FORMAT);
  }

  /** What a decision depends on besides the data. */
  private Map<String, Object> settings() {
    PipelineConfig config = session.config();
    EvaluateConfig evaluate = config.evaluate();
    Map<String, Object> settings = new TreeMap<>();
    settings.put("seed", config.seed());
    settings.put("train", TrainJob.settings(config.train()));
    settings.put("heads", config.train().heads().stream().map(Binder::kebab).toList());
    settings.put("cohort", evaluate.cohort());
    settings.put("splits", evaluate.splits());
    settings.put("cutoffs", evaluate.cutoffs());
    settings.put("captionForms", evaluate.captionForms());
    settings.put("index", Stage.settings(config.index()));
    settings.put("fineTune", Stage.settings(config.fineTune()));
    return settings;
  }

  private String settingsHash() {
    return new RunKey(ARTEFACT, settings(), Map.of(), CODE_FORMAT).hash();
  }

  /** Checksum of all triplets: equal for equal rows, wherever and whenever they were ingested. */
  private static String triplets(Snapshot ingest) {
    List<String> files =
        ingest.manifest().files().stream()
            .filter(file -> file.table().equals(Table.TRIPLETS.name()))
            .map(FileEntry::sha256)
            .sorted()
            .toList();
    return new RunKey("triplets", Map.of("files", files), Map.of(), CODE_FORMAT).hash();
  }

  private static String encoderOf(Snapshot encode) {
    return String.valueOf(encode.manifest().facts().get("encoder"));
  }

  /** What must have changed since the last decision for a training to make sense. */
  private record Facts(String triplets, String settings, String encoder) {
    Map<String, Object> named() {
      return new TreeMap<>(Map.of("triplets", triplets, "settings", settings, "encoder", encoder));
    }
  }

  private Facts lastFacts() {
    Map<String, Object> facts =
        session.artefact(ARTEFACT).latest().map(last -> last.manifest().facts()).orElse(Map.of());
    return new Facts(
        String.valueOf(facts.get("triplets")),
        String.valueOf(facts.get("settings")),
        String.valueOf(facts.get("encoder")));
  }

  private StageResult result(StageResult decided, double seconds) {
    Map<String, Object> figures = new LinkedHashMap<>(decided.figures());
    Optional<Release> current = session.release();
    current.ifPresent(release -> figures.put("current_release", release.version()));
    boolean upToDate = decided.status().equals(StageResult.UP_TO_DATE);
    String status =
        upToDate ? StageResult.UP_TO_DATE : String.valueOf(figures.get(Decision.OUTCOME));
    if (!upToDate && figures.get(Decision.REASONS) instanceof List<?> reasons) {
      reasons.forEach(reason -> session.progress().say(status + ": " + reason));
    }
    return new StageResult(ARTEFACT, status, decided.snapshot(), seconds, figures);
  }
}
