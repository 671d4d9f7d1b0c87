package dev.weft.compute;

/**
 * The step size over a run: a linear rise from 0 to the peak over the warm-up steps, then a course.
 *
 * <p>The half cosine is Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm
 * Restarts", ICLR 2017 (arXiv:1608.03983), without restarts.
 *
 * @param course what follows the warm-up
 * @param peak largest step size
 * @param warmupSteps steps of the rise, 0 for none
 * @param steps steps of the whole run, at least 1
 */
public record Schedule(Course course, double peak, long warmupSteps, long steps) {
  /** What the step size does after the warm-up. */
  public enum Course {
    /** Stays at the peak. */
    CONSTANT,
    /** Falls to 0 along half a cosine. */
    COSINE
  }

  /** Step size of a step, counted from 0. */
  public double learningRate(long step) {
    if (step < warmupSteps) {
      return peak * (step + 1) / warmupSteps;
    }
    if (course == Course.CONSTANT) {
      return peak;
    }
    double done = (double) (step - warmupSteps) / Math.max(1, steps - warmupSteps);
    return peak * (1 + Math.cos(Math.PI * Math.min(1, done))) / 2;
  }
}
