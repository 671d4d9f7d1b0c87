package dev.weft.train;

import dev.weft.compute.MatrixProduct;
import dev.weft.train.RowPasses.Activation;
import java.util.List;
import org.deeplearning4j.nn.api.Layer;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A dense layer: {@code activation(sum_k factor_k W_k^T x_k + b)}, the x being the parts of a
 * merged input.
 */
final class DenseNode extends GraphNode {
  private final List<Part> sources;
  private final INDArray weights; // [inputs, w] in column order
  private final INDArray bias; // [w, 1]
  private final INDArray ofWeights;
  private final INDArray ofBias;
  private final Activation activation;
  private INDArray ones; // [r, 1]

  /**
   * @param gradient of all parameters, flat: the layer's share is written to
   */
  DenseNode(
      PassMemory memory,
      List<Part> sources,
      Layer layer,
      IActivation activation,
      INDArray gradient) {
    super(memory, /* trained= */ true);
    this.sources = sources;
    this.activation = known(activation);
    weights = layer.getParam("W");
    ofWeights = likeIn(gradient, weights);
    INDArray row = layer.getParam("b");
    bias = column(row, row.data(), row.offset());
    ofBias = column(row, gradient.data(), row.offset());
  }

  private static Activation known(IActivation activation) {
    if (activation instanceof ActivationReLU) {
      return Activation.RELU;
    }
    if (activation instanceof ActivationSigmoid) {
      return Activation.SIGMOID;
    }
    if (activation instanceof ActivationIdentity) {
      return Activation.IDENTITY;
    }
    throw new IllegalArgumentException("no head has the activation " + activation);
  }

  private INDArray likeIn(INDArray flat, INDArray view) {
    return Nd4j.create(flat.data(), view.shape(), view.stride(), view.offset(), 'f');
  }

  private INDArray column(INDArray row, DataBuffer data, long offset) {
    return Nd4j.create(
        data, new long[] {row.length(), 1}, new long[] {1, row.length()}, offset, 'f');
  }

  @Override
  long width() {
    return weights.size(1);
  }

  @Override
  void reserve() {
    super.reserve();
    ones = Nd4j.ones(memory().type(), memory().rows(), 1);
  }

  @Override
  void forward() {
    int from = 0;
    for (Part part : sources) {
      INDArray own = rowsOf(weights, from, part.node().width());
      MatrixProduct.addFirstTransposed(
          own, part.node().value, value, part.factor(), from == 0 ? 0 : 1);
      from += (int) part.node().width();
    }
    memory().passes().activate(value, bias, activation);
  }

  @Override
  void backward(boolean accumulate) {
    memory().passes().deactivate(value, error, activation);
    double beta = accumulate ? 1 : 0;
    MatrixProduct.add(error, ones, ofBias, 1, beta);
    int from = 0;
    for (Part part : sources) {
      GraphNode source = part.node();
      INDArray own = rowsOf(ofWeights, from, source.width());
      MatrixProduct.addSecondTransposed(source.value, error, own, part.factor(), beta);
      if (source.trained) {
        INDArray through = rowsOf(weights, from, source.width());
        MatrixProduct.add(through, error, source.error, part.factor(), source.reached ? 1 : 0);
        source.reached = true;
      }
      from += (int) source.width();
    }
  }

  /** Some rows of a matrix in column order, without a copy. */
  private INDArray rowsOf(INDArray matrix, long from, long count) {
    return Nd4j.create(
        matrix.data(),
        new long[] {count, matrix.size(1)},
        matrix.stride(),
        matrix.offset() + from,
        'f');
  }
}
