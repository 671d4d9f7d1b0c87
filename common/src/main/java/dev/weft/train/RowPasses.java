package dev.weft.train;

import dev.weft.compute.NativeBackend;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * What a {@link PreparedGraph} does element by element or row by row, each in one pass.
 *
 * <p>Dimensions: w = width, r = rows. Matrices are {@code [w, r]} in column order, each the start
 * of its buffer.
 */
interface RowPasses {
  /** What a dense layer ends with. */
  enum Activation {
    IDENTITY,
    RELU,
    SIGMOID
  }

  /**
   * Adds the bias to each row and applies the activation.
   *
   * @param value changed in place
   * @param bias {@code [w, 1]}, any dense part of a buffer
   */
  void activate(INDArray value, INDArray bias, Activation activation);

  /**
   * Multiplies the gradient in an activated value by the derivative of the activation.
   *
   * @param value what {@link #activate} left
   * @param error changed in place
   */
  void deactivate(INDArray value, INDArray error, Activation activation);

  /**
   * Divides each row by its length; a row of zeros stays one.
   *
   * @param source not changed
   * @param unit takes the result
   * @param lengths takes the lengths, {@code [1, r]}; 1 for a row of zeros
   */
  void normalize(INDArray source, INDArray unit, INDArray lengths);

  /**
   * The gradient through {@link #normalize}.
   *
   * @param unit what it left
   * @param lengths what it left
   * @param error the gradient in {@code unit}, not changed
   * @param into takes the gradient in the source
   */
  void throughNormalize(INDArray unit, INDArray lengths, INDArray error, INDArray into);

  /** Writes the dot product of each row with that of another matrix, r numbers. */
  void dots(INDArray first, INDArray second, double[] into);

  /** Multiplies each row by its factor, r numbers. */
  void scale(INDArray rows, double[] factors);

  /** Adds each row of another matrix times its factor, r numbers. */
  void addScaled(INDArray rows, INDArray others, double[] factors);

  /** The fastest passes for the matrices of a graph on the backend that runs. */
  static RowPasses of(PassMemory memory) {
    NativeBackend.Description backend = NativeBackend.load();
    return VectorPasses.runOn(memory.type(), backend)
        ? VectorPasses.make(RowPasses.class, "VectorRowPasses")
        : new Nd4jRowPasses(memory);
  }
}
