package dev.weft.jobs.train;

import dev.weft.jobs.Progress;
import dev.weft.train.Reduction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Says what the steps of a run cost, once a few of them have shown it, and keeps it for the end.
 */
final class StepCostReport {
  private static final int ENOUGH = 5;
  private static final int KEPT = 1000;

  private final Progress progress;
  private final int workers;
  private final StepCostModel.Calibration calibration;
  private final Reduction reduction;
  private final List<StepCost> steps = new ArrayList<>();
  private long seen;

  /**
   * @param progress where to say it
   * @param workers slices of a step
   * @param calibration of {@link StepJobs#prepare}
   * @param reduction where the gradients are added up
   */
  StepCostReport(
      Progress progress, int workers, StepCostModel.Calibration calibration, Reduction reduction) {
    this.progress = progress;
    this.workers = workers;
    this.calibration = calibration;
    this.reduction = reduction;
  }

  /** Takes one more step; the newest thousand count. */
  void add(StepCost step) {
    if (steps.size() < KEPT) {
      steps.add(step);
    } else {
      steps.set((int) (seen % KEPT), step);
    }
    seen++;
    if (seen == ENOUGH) {
      progress.say(
          "  the gradients are added up by "
              + (reduction == Reduction.SHUFFLE ? "the workers, in pieces" : "the driver"));
      model().lines().forEach(line -> progress.say("  " + line));
    }
  }

  private StepCostModel model() {
    return new StepCostModel(workers, StepCost.median(steps), calibration, reduction);
  }

  /** For the manifest: phases and predictions, if there was a step. */
  Optional<Map<String, Object>> figures() {
    if (steps.isEmpty()) {
      return Optional.empty();
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("reduction", reduction.name().toLowerCase(Locale.ROOT));
    figures.putAll(model().figures());
    return Optional.of(figures);
  }
}
