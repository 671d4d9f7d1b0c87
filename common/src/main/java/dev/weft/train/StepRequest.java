package dev.weft.train;

/**
 * What one step asks of every slice.
 *
 * @param step number of the step since the start of the run, from 0
 * @param epoch epoch, from 0
 * @param stepInEpoch number of the step in its epoch, from 0
 * @param parameters parameters of the head, little-endian float32
 * @param logitScale the logit scale
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record StepRequest(
    long step, int epoch, int stepInEpoch, byte[] parameters, double logitScale) {}
