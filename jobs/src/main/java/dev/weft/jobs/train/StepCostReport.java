package dev.weft.jobs.train;

import dev.weft.jobs.Progress;
import dev.weft.train.Reduction;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Says what the steps of a run cost, once a few of them have shown it, and keeps it for the end.
 */
final class StepCostReport {
  private static final int ENOUGH = 5;
  private static final int KEPT = 1000;

  private final Progress progress;
  private final String unit;
  private final int workers;
  private final Supplier<StepCostModel.Calibration> calibrate;
  private Optional<StepCostModel.Calibration> calibration = Optional.empty();
  private final Reduction reduction;
  private final List<StepCost> steps = new ArrayList<>();
  private long seen;

  /**
   * @param progress where to say it
   * @param unit what one Spark job does: a step, or several
   * @param workers slices of a step
   * @param calibrate measures what the steps do not show; called once, after the first of them
   * @param reduction where the gradients are added up
   */
  StepCostReport(
      Progress progress,
      String unit,
      int workers,
      Supplier<StepCostModel.Calibration> calibrate,
      Reduction reduction) {
    this.progress = progress;
    this.unit = unit;
    this.workers = workers;
    this.calibrate = calibrate;
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
              + switch (reduction) {
                case SHUFFLE -> "the workers, in pieces";
                case SERVER -> "the driver, which serves tasks that stay";
                default -> "the driver";
              });
      model().lines(unit).forEach(line -> progress.say("  " + line));
    }
  }

  private StepCostModel model() {
    if (calibration.isEmpty()) {
      calibration = Optional.of(calibrate.get());
    }
    return new StepCostModel(workers, StepCost.median(steps), calibration.get(), reduction);
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
