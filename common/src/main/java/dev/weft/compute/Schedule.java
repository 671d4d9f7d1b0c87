package dev.weft.compute;

/**
 * The step size over a run: a linear rise from 0 to the peak over the warm-up steps, then a course.
 *
 * <p>The half cosine is Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm
 * Restarts", ICLR 2017 (arXiv:1608.03983), without restarts. One cycle is Smith and Topin,
 * "Super-Convergence" (arXiv:1708.07120), with the halves of a cosine and the factors that
 * PyTorch's OneCycleLR has by default; its rise takes the warm-up steps, and Adam's momentum stays.
 *
 * @param course what follows the warm-up
 * @param peak largest step size
 * @param warmupSteps steps of the rise, 0 for none
 * @param steps steps of the whole run, at least 1
 */
public record Schedule(Course course, double peak, long warmupSteps, long steps) {
  private static final double CYCLE_START = 25;
  private static final double CYCLE_END = 1e4;

  /** What the step size does after the warm-up. */
  public enum Course {
    /** Stays at the peak. */
    CONSTANT,
    /** Falls to 0 along half a cosine. */
    COSINE,
    /**
     * Rises from 1/25 of the peak along half a cosine, then falls along another to 1/10,000 of
     * where it began.
     */
    ONE_CYCLE
  }

  /** Step size of a step, counted from 0. */
  public double learningRate(long step) {
    if (course == Course.ONE_CYCLE) {
      double lowest = peak / CYCLE_START;
      return step < warmupSteps
          ? between(lowest, peak, (double) step / warmupSteps)
          : between(peak, lowest / CYCLE_END, share(step, Math.max(1, steps - 1)));
    }
    if (step < warmupSteps) {
      return peak * (step + 1) / warmupSteps;
    }
    if (course == Course.CONSTANT) {
      return peak;
    }
    return between(peak, 0, share(step, steps));
  }

  /** How far the fall has come at a step: 0 at the end of the warm-up, 1 at the last step. */
  private double share(long step, long last) {
    return Math.min(1, (double) (step - warmupSteps) / Math.max(1, last - warmupSteps));
  }

  /** Half a cosine from one value to another. */
  private static double between(double from, double to, double share) {
    return to + (from - to) * (1 + Math.cos(Math.PI * share)) / 2;
  }
}
