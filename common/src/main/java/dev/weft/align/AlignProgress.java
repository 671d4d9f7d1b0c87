package dev.weft.align;

/**
 * What is known after a step.
 *
 * @param step steps done
 * @param steps steps of the run
 * @param epoch epoch of the step, from 0
 * @param loss of the step's batch, nats
 * @param logitScale after the step
 */
public record AlignProgress(int step, int steps, int epoch, double loss, double logitScale) {}
