package dev.weft.jobs.train;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Where the time of a step went, in seconds; the phases follow each other.
 *
 * @param broadcast the driver hands out the parameters
 * @param fetch the slowest task waits for them
 * @param compute the slowest task computes
 * @param meanCompute what the tasks compute on average, a part of {@code compute}
 * @param exchange the rest of the Spark job: its launch, and the way of the results to the driver
 * @param sum the driver adds up the slices
 * @param update the driver moves the parameters
 */
record StepCost(
    double broadcast,
    double fetch,
    double compute,
    double meanCompute,
    double exchange,
    double sum,
    double update) {

  /** The whole step. */
  double total() {
    return broadcast + fetch + compute + exchange + sum + update;
  }

  /** The median of each phase. */
  static StepCost median(List<StepCost> steps) {
    return new StepCost(
        median(steps, StepCost::broadcast),
        median(steps, StepCost::fetch),
        median(steps, StepCost::compute),
        median(steps, StepCost::meanCompute),
        median(steps, StepCost::exchange),
        median(steps, StepCost::sum),
        median(steps, StepCost::update));
  }

  private static double median(List<StepCost> steps, ToDoubleFunction<StepCost> phase) {
    return steps.stream()
        .mapToDouble(phase)
        .sorted()
        .skip((steps.size() - 1) / 2)
        .findFirst()
        .orElseThrow();
  }

  /** The four phases of a step by the names they have in the manifest, milliseconds. */
  Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("broadcast_ms", milliseconds(broadcast + fetch));
    figures.put("compute_ms", milliseconds(compute));
    figures.put("compute_mean_ms", milliseconds(meanCompute));
    figures.put("reduce_ms", milliseconds(exchange + sum));
    figures.put("update_ms", milliseconds(update));
    return figures;
  }

  /** Milliseconds with one decimal. */
  static double milliseconds(double seconds) {
    return Math.round(1e4 * seconds) / 10.0;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "broadcast %.0f ms, compute %.0f (mean of the workers %.0f), reduce %.0f, update %.0f",
        1e3 * (broadcast + fetch),
        1e3 * compute,
        1e3 * meanCompute,
        1e3 * (exchange + sum),
        1e3 * update);
  }
}
