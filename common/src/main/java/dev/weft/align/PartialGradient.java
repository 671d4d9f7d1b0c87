package dev.weft.align;

import java.io.Serializable;

/**
 * What pass 2 makes of a slice; the contributions of all slices add up to the step.
 *
 * @param loss share of the loss, nats
 * @param gradient share of the gradient in the flat vector of {@link AlignParameters},
 *     little-endian float32; empty for a slice without rows
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record PartialGradient(double loss, byte[] gradient) implements Serializable {}
