package dev.weft.jobs;

import dev.weft.jobs.align.AlignJob;
import dev.weft.jobs.encode.EncodeJob;
import dev.weft.jobs.evaluate.EvaluateJob;
import dev.weft.jobs.index.IndexJob;
import dev.weft.jobs.ingest.IngestJob;
import dev.weft.jobs.ingest.WardrobeJob;
import dev.weft.jobs.search.SearchJob;
import dev.weft.jobs.train.TrainJob;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * Runs the stages in order on one configuration; each that is up to date is passed over.
 *
 * <pre>scripts/weft pipeline --config conf/wardrobe.yaml</pre>
 */
public final class PipelineJob {
  private PipelineJob() {}

  /** Runs the pipeline in the given session. */
  public static StageResult run(Session session) {
    long start = session.clock().millis();
    List<StageResult> results = new ArrayList<>();
    if (session.config().wardrobe().enabled()) {
      results.add(announced(session, WardrobeJob::run));
    }
    List<Function<Session, StageResult>> stages =
        List.of(
            IngestJob::run,
            AlignJob::run,
            EncodeJob::run,
            TrainJob::run,
            EvaluateJob::score,
            IndexJob::run,
            // What it made itself, whatever is released.
            made -> SearchJob.sample(made.with(List.of("search.from=newest"), Map.of())));
    for (Function<Session, StageResult> stage : stages) {
      results.add(announced(session, stage));
    }
    StageResult summary = summary(results, (session.clock().millis() - start) / 1000.0);
    results.stream()
        .filter(result -> result.stage().equals("evaluate"))
        .flatMap(result -> EvaluateJob.lines(result).stream())
        .forEach(session.progress()::say);
    session.progress().say("");
    session.progress().say("index  " + summary.figures().get("index"));
    session.progress().say("page   " + summary.figures().get("page"));
    return summary;
  }

  private static StageResult announced(Session session, Function<Session, StageResult> stage) {
    StageResult result = stage.apply(session);
    session.progress().say(result.line());
    return result;
  }

  /** What the whole pipeline ends with: the figures of evaluate and where to look. */
  private static StageResult summary(List<StageResult> results, double seconds) {
    boolean upToDate =
        results.stream().allMatch(result -> result.status().equals(StageResult.UP_TO_DATE));
    Map<String, Object> figures = new LinkedHashMap<>();
    Map<String, Object> stages = new LinkedHashMap<>();
    for (StageResult result : results) {
      stages.put(result.stage(), result.fields());
      if (result.stage().equals("evaluate")) {
        figures.putAll(result.figures());
      }
      if (result.stage().equals("index")) {
        figures.put("index", result.figures().get("folder"));
      }
    }
    figures.put("stages", stages);
    return new StageResult(
        "pipeline",
        upToDate ? StageResult.UP_TO_DATE : StageResult.DONE,
        Optional.empty(),
        seconds,
        figures);
  }
}
