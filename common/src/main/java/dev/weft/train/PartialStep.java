package dev.weft.train;

import dev.weft.compute.NativeVectors;
import java.io.Serializable;
import java.nio.FloatBuffer;

/**
 * What one slice contributes to a step; the contributions of all slices add up to the step.
 *
 * @param rows rows of the slice
 * @param loss its share of the loss, nats
 * @param logitScaleGradient its share of the gradient of the loss in the logit scale
 * @param gradient its share of the gradient in the parameters, little-endian float32; empty for a
 *     slice without rows
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
public record PartialStep(int rows, double loss, double logitScaleGradient, byte[] gradient)
    implements Serializable { // the result of a task

  /** Whether loss and gradients are numbers. */
  boolean isFinite() {
    FloatBuffer values = NativeVectors.floats(gradient);
    boolean finite = Double.isFinite(loss) && Double.isFinite(logitScaleGradient);
    while (finite && values.hasRemaining()) {
      finite = Float.isFinite(values.get());
    }
    return finite;
  }
}
