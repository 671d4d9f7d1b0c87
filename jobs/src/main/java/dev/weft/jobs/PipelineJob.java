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
 * Runs the stages in order on one configuration; each that is up to date is passed over. Where no
 * image was read (an annotation-only run) it ends after encode: what follows needs image vectors.
 *
 * <pre>scripts/weft pipeline --config conf/wardrobe.yaml</pre>
 */
public final class PipelineJob {
  private static final List<Function<Session, StageResult>> FROM_VECTORS =
      List.of(
          TrainJob::run,
          EvaluateJob::score,
          IndexJob::run,
          // What it made itself, whatever is released.
          made -> SearchJob.sample(made.with(List.of("search.from=newest"), Map.of())));

  private PipelineJob() {}

  /** Runs the pipeline in the given session. */
  public static StageResult run(Session session) {
    long start = session.clock().millis();
    List<StageResult> results = new ArrayList<>();
    for (Function<Session, StageResult> stage : toVectors(session)) {
      results.add(stage.apply(session).announced(session.progress()));
    }
    Map<String, Object> encoded = results.get(results.size() - 1).figures();
    if (((Number) encoded.get("images")).longValue() == 0) {
      session
          .progress()
          .say(
              "No image was read: train, evaluate, index and search, which need image vectors, are"
                  + " left out. Set ingest.images to read where you have the images.");
      return summary(results, (session.clock().millis() - start) / 1000.0);
    }
    for (Function<Session, StageResult> stage : FROM_VECTORS) {
      results.add(stage.apply(session).announced(session.progress()));
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

  /** The stages up to the vectors, in order. */
  static List<Function<Session, StageResult>> toVectors(Session session) {
    return session.config().wardrobe().enabled()
        ? List.of(WardrobeJob::run, IngestJob::run, AlignJob::run, EncodeJob::run)
        : List.of(IngestJob::run, AlignJob::run, EncodeJob::run);
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
