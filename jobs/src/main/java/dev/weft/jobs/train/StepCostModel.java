package dev.weft.jobs.train;

import dev.weft.train.Reduction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What a step would cost on another number of equal workers, from what it costs on those that are
 * there.
 *
 * <pre>
 *   T(W) = a + b W                           launching a job of W tasks
 *        + broadcast + fetch r(W) / r(W0)    r(W) = ceil(log2(W + 1)): rounds in which those that
 *                                            have the parameters hand them on
 *        + f + g / W                         computing: what each worker does, and what they share
 *        + reduce                            e W / W0 where the driver adds up W gradients; e, the
 *                                            same for any W, where the workers add them up in slices
 *        + update
 * </pre>
 *
 * <p>W0 = workers of the measurement; {@code f + g / W0} is the mean the workers compute, and what
 * the slowest takes beyond it stays as it is. The workers are taken to be like the ones measured,
 * and the network to be as quick between all of them.
 *
 * @param workers W0, at least 1
 * @param cost medians over some steps
 * @param calibration what was measured before the first step
 * @param reduction where the gradients are added up
 */
record StepCostModel(int workers, StepCost cost, Calibration calibration, Reduction reduction) {
  private static final List<Integer> SHOWN = List.of(2, 4, 8, 16, 32, 64);
  private static final int MOST = 64;

  /**
   * What the steps themselves do not show.
   *
   * @param launchBase a: a job without tasks, seconds
   * @param launchPerTask b: each task of a job, seconds
   * @param fixedCompute f: computing one row, which is what every worker does whatever its share
   *     is, seconds
   */
  record Calibration(double launchBase, double launchPerTask, double fixedCompute) {

    /**
     * From empty jobs of two sizes.
     *
     * @param tasks tasks of the one
     * @param seconds how long it took
     * @param moreTasks tasks of the other
     * @param moreSeconds how long that took
     */
    static Calibration of(
        int tasks, double seconds, int moreTasks, double moreSeconds, double fixedCompute) {
      double perTask = Math.max(0, (moreSeconds - seconds) / (moreTasks - tasks));
      return new Calibration(Math.max(0, seconds - perTask * tasks), perTask, fixedCompute);
    }

    private double launch(int workers) {
      return launchBase + launchPerTask * workers;
    }
  }

  /**
   * The cost of a step, seconds.
   *
   * @param others W, at least 1
   */
  double seconds(int others) {
    double fixed = Math.min(calibration.fixedCompute(), cost.meanCompute());
    double shared = (cost.meanCompute() - fixed) * workers;
    double straggling = cost.compute() - cost.meanCompute();
    double launch = launch(workers);
    double results = cost.exchange() - launch + cost.sum();
    double atDriver = (double) others / workers;
    return launch(others)
        + cost.broadcast()
        + cost.fetch() * rounds(others) / rounds(workers)
        + fixed
        + shared / others
        + straggling
        + results * (reduction == Reduction.SHUFFLE ? 1 : atDriver)
        + cost.update();
  }

  /**
   * An empty job does not take longer than one that brings results; where it did, that is noise.
   */
  private double launch(int others) {
    double here = calibration.launch(workers);
    double share = here > cost.exchange() ? cost.exchange() / here : 1;
    return share * calibration.launch(others);
  }

  private static int rounds(int workers) {
    return Integer.SIZE - Integer.numberOfLeadingZeros(workers);
  }

  /**
   * The number of workers, up to 64, with which a step is quickest: more of them make it slower.
   */
  int best() {
    return IntStream.rangeClosed(1, MOST)
        .boxed()
        .min(Comparator.comparingDouble(this::seconds))
        .orElseThrow();
  }

  /** For the manifest: milliseconds of a step by number of workers, and the best number. */
  Map<String, Object> figures() {
    Map<String, Object> predicted = new LinkedHashMap<>();
    SHOWN.forEach(
        number -> predicted.put(String.valueOf(number), StepCost.milliseconds(seconds(number))));
    Map<String, Object> figures = new LinkedHashMap<>(cost.figures());
    figures.put("launch_ms", StepCost.milliseconds(launch(workers)));
    figures.put("predicted_ms", predicted);
    figures.put("best_workers", best());
    return figures;
  }

  /**
   * Two lines: what a step costs, and what it would.
   *
   * @param unit what to call it
   */
  List<String> lines(String unit) {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "a %s of %.0f ms: %s%s",
            unit,
            1e3 * cost.total(),
            cost,
            reduction == Reduction.SERVER
                ? ""
                : String.format(
                    Locale.ROOT, " (%.0f of it launches the job)", 1e3 * launch(workers))));
    String predicted =
        SHOWN.stream()
            .map(number -> String.format(Locale.ROOT, "%d: %.0f", number, 1e3 * seconds(number)))
            .collect(Collectors.joining(", "));
    int best = best();
    lines.add(
        "predicted ms by number of such workers: "
            + predicted
            + (best < MOST ? "; more than " + best + " make it slower" : ""));
    return lines;
  }
}
