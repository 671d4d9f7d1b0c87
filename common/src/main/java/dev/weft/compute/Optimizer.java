package dev.weft.compute;

import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.GradientUpdater;
import org.nd4j.linalg.learning.config.Adam;

/**
 * Adam with decoupled weight decay on one flat vector of parameters, after the gradient was
 * clipped.
 *
 * <p>Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization" (arXiv:1412.6980);
 * Loshchilov and Hutter, "Decoupled Weight Decay Regularization", ICLR 2019 (arXiv:1711.05101).
 *
 * <p>Dimensions: P = parameters. Not safe for use by two threads at once.
 */
public final class Optimizer {
  // The constants of Adam's paper, section 2.
  private static final double BETA_1 = 0.9;
  private static final double BETA_2 = 0.999;
  private static final double EPSILON = 1e-8;

  /**
   * Neighbours among the parameters.
   *
   * @param from the first
   * @param to the one after the last
   */
  public record Span(long from, long to) {}

  private final INDArray state; // [2 P]: first moments, then second moments
  private final Adam adam = new Adam(0, BETA_1, BETA_2, EPSILON);
  private final GradientUpdater<?> updater;
  private final double weightDecay;
  private final List<Span> decayed;
  private final double clipNorm;

  /**
   * @param state flat state, {@code 2 P} numbers, zeros at the start; written to by every step
   * @param weightDecay share of a parameter taken off per unit of step size
   * @param decayed the parameters that decay: weights do, biases and temperatures do not
   * @param clipNorm longest gradient, 0 for no limit
   */
  public Optimizer(INDArray state, double weightDecay, List<Span> decayed, double clipNorm) {
    this.state = state;
    this.weightDecay = weightDecay;
    this.decayed = List.copyOf(decayed);
    this.clipNorm = clipNorm;
    updater = adam.instantiate(state.reshape(1, state.length()), false);
  }

  /** The live state, {@code 2 P} numbers. */
  public INDArray state() {
    return state;
  }

  /**
   * Moves the parameters against the gradient.
   *
   * @param parameters P numbers, changed in place
   * @param gradient P finite numbers; overwritten
   * @param norm length of the gradient
   * @param learningRate step size
   * @param step number of the step, counted from 0
   */
  public void step(
      INDArray parameters, INDArray gradient, double norm, double learningRate, long step) {
    if (clipNorm > 0 && norm > clipNorm) {
      gradient.muli(clipNorm / norm);
    }
    if (weightDecay > 0) {
      for (Span span : decayed) {
        parameters
            .get(NDArrayIndex.interval(span.from(), span.to()))
            .muli(1 - learningRate * weightDecay);
      }
    }
    adam.setLearningRate(learningRate);
    updater.applyUpdater(gradient.reshape(1, gradient.length()), Math.toIntExact(step), 0);
    parameters.subi(gradient);
  }
}
