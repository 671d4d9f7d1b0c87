package dev.weft.train;

import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A vertex of a {@link PreparedGraph}, with its result and the gradient in it.
 *
 * <p>Dimensions: w = width of the vertex, r = rows of the pass. Matrices are {@code [w, r]} in
 * column order.
 */
abstract class GraphNode {
  private final PassMemory memory;
  private final PassMemory.Reserve values;
  private final PassMemory.Reserve errors;

  /** The result, {@code [w, r]}. */
  INDArray value;

  /** The gradient in the result, {@code [w, r]}. */
  INDArray error;

  /** Whether the error holds something yet. */
  boolean reached;

  /** Whether anything before this vertex is trained. */
  final boolean trained;

  GraphNode(PassMemory memory, boolean trained) {
    this.memory = memory;
    this.trained = trained;
    values = memory.new Reserve();
    errors = memory.new Reserve();
  }

  /** Where this vertex takes its matrices from. */
  final PassMemory memory() {
    return memory;
  }

  /** Width w. */
  abstract long width();

  /** Computes the value from those of the vertices before. */
  abstract void forward();

  /**
   * Gives the vertices before their share of the error.
   *
   * @param accumulate whether gradients of parameters are added to, instead of replaced
   */
  abstract void backward(boolean accumulate);

  /** Takes the matrices of a pass of another number of rows. */
  void reserve() {
    value = values.matrix(width());
    if (trained) {
      error = errors.matrix(width());
    }
  }

  /** Takes a contribution to the error, if anything needs it. */
  void give(Contribution contribution) {
    if (!trained) {
      return;
    }
    if (reached) {
      INDArray further = memory.scratch(width());
      contribution.write(further);
      error.addi(further);
      return;
    }
    contribution.write(error);
    reached = true;
  }

  /** Writes a contribution to a gradient. */
  interface Contribution {
    void write(INDArray into);
  }

  /** A vertex, or columns of a merged one, times a factor. */
  record Part(GraphNode node, double factor) {}

  /** An input: frozen features or a mask. */
  static final class Input extends GraphNode {
    Input(PassMemory memory) {
      super(memory, /* trained= */ false);
    }

    void set(INDArray rowsOfInput) {
      value = rowsOfInput.transpose();
    }

    @Override
    long width() {
      return value.size(0);
    }

    @Override
    void forward() {}

    @Override
    void backward(boolean accumulate) {}
  }
}
