package dev.weft.jobs.evaluate;

import dev.weft.config.Binder;
import dev.weft.config.ConfigException;
import dev.weft.encode.CaptionForm;
import dev.weft.evaluate.Metrics;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Ranks every query of the configured splits exactly, by every head and baseline, and scores them
 * by their named protocols. Publishes the table {@code rankings}, {@code metrics.json} and {@code
 * report.html}, and puts the page under {@code <root>/pages/<run>.html}.
 *
 * <pre>scripts/weft evaluate --config conf/wardrobe.yaml</pre>
 */
public final class EvaluateJob {
  static final String REPORT = "report.html";

  private static final int CODE_FORMAT = 1;

  private EvaluateJob() {}

  /** Runs the stage in the given session and shows its table of results. */
  public static StageResult run(Session session) {
    StageResult result = score(session);
    lines(result).forEach(session.progress()::say);
    return result;
  }

  /** Runs the stage in the given session. */
  public static StageResult score(Session session) {
    return score(session, "evaluate");
  }

  /**
   * As above, as an artefact of its own: an evaluation beside the one that users look at.
   *
   * @param artefact such as {@code evaluate/champion}
   */
  public static StageResult score(Session session, String artefact) {
    PipelineConfig config = session.config();
    requireEncodedForms(config);
    Snapshot ingest = session.input("ingest");
    Snapshot encode = session.input("encode");
    List<Snapshot> heads =
        config.train().heads().stream()
            .map(kind -> TrainedHead.require(session, Binder.kebab(kind)))
            .toList();
    List<Snapshot> inputs = new ArrayList<>(List.of(ingest, encode));
    inputs.addAll(heads);
    Map<String, Object> settings = Stage.settings(config.evaluate());
    settings.put("datasets", QuerySet.settings(config));
    settings.put("heads", config.train().heads().stream().map(Binder::kebab).toList());
    StageResult result =
        new Stage("evaluate", artefact, settings, inputs, List.of(Table.RANKINGS), CODE_FORMAT)
            .run(session, new Evaluation(session, ingest, encode, heads)::write);
    byte[] report = result.snapshot().orElseThrow().read(REPORT);
    return result.with("page", PageFile.publish(session, config.run() + ".html", report));
  }

  private static void requireEncodedForms(PipelineConfig config) {
    Set<CaptionForm> encoded = new TreeSet<>(config.encode().captionForms());
    encoded.add(CaptionForm.FIRST_AND_SECOND); // always
    List<CaptionForm> wanted = config.evaluate().captionForms();
    if (!encoded.containsAll(wanted)) {
      throw new ConfigException(
          "the configuration",
          List.of(
              new ConfigException.Problem(
                  "evaluate.caption-forms",
                  "must be among encode.caption-forms ("
                      + encoded.stream().map(Binder::kebab).toList()
                      + "), found "
                      + wanted.stream().map(Binder::kebab).toList())));
    }
  }

  /** What every head reached, by every protocol. */
  public static List<Metrics> metrics(StageResult result) {
    return Scores.read(result.snapshot().orElseThrow()).metrics();
  }

  /** The same as head to metric to value, under the names of the {@code RESULT} line. */
  public static Map<String, Map<String, Double>> named(StageResult result) {
    return Scores.read(result.snapshot().orElseThrow()).named();
  }

  /** The tables of results of this stage, for a terminal. */
  public static List<String> lines(StageResult result) {
    return Scores.read(result.snapshot().orElseThrow()).lines();
  }
}
