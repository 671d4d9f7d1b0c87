package dev.weft.train;

/**
 * What one step did, for progress and logs.
 *
 * @param step number of the step since the start of the run, from 0
 * @param steps steps of the whole run
 * @param epoch epoch, from 0
 * @param rows rows of the step
 * @param loss mean loss of the rows, nats
 * @param gradientNorm length of the gradient before clipping
 * @param learningRate step size
 * @param logitScale logit scale the loss was computed with
 * @param sumSeconds how long adding up the slices took
 * @param updateSeconds how long moving the parameters took
 */
public record StepReport(
    long step,
    long steps,
    int epoch,
    int rows,
    double loss,
    double gradientNorm,
    double learningRate,
    double logitScale,
    double sumSeconds,
    double updateSeconds) {}
