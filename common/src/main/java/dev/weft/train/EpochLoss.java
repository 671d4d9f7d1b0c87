package dev.weft.train;

/**
 * What one epoch came to.
 *
 * @param epoch epoch, from 0
 * @param loss mean loss over the rows of the epoch, each at its own step, nats
 * @param logitScale logit scale at the end of the epoch
 */
public record EpochLoss(int epoch, double loss, double logitScale) {}
