package dev.weft.compute;

/**
 * Settings of the tensor engine, read from the {@code compute.*} keys.
 *
 * @param backend on what tensors are computed, in every process that computes
 */
public record ComputeConfig(ComputeBackend backend) {}
