package dev.weft.compute;

/** On what tensors are computed. */
public enum ComputeBackend {
  /** CUDA where a device can be used, otherwise the processor, which is said loudly. */
  AUTO,
  /** The processor, also where there is a GPU. */
  CPU,
  /** A GPU; without one that can be used the command fails. */
  CUDA
}
