package dev.weft.train;

import org.deeplearning4j.nn.api.MaskState;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.memory.LayerMemoryReport;
import org.deeplearning4j.nn.conf.memory.MemoryReport;
import org.deeplearning4j.nn.gradient.Gradient;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.graph.vertex.BaseGraphVertex;
import org.deeplearning4j.nn.graph.vertex.VertexIndices;
import org.deeplearning4j.nn.workspace.ArrayType;
import org.deeplearning4j.nn.workspace.LayerWorkspaceMgr;
import org.nd4j.common.primitives.Pair;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A vertex with the inputs a, x and y that gives {@code a * x + (1 - a) * y}.
 *
 * <p>Dimensions: B = rows, D = width, n = gates of a row, which divide D. x and y are {@code [B,
 * D]}; the gate a is {@code [B, n]}, each for its stretch of D / n coordinates: n = D is a gate for
 * each coordinate, n = 1 one weight for the row. DL4J's own element-wise vertices do not broadcast.
 */
public final class Blend extends GraphVertex {
  private static final int INPUTS = 3;

  @Override
  public GraphVertex clone() {
    return new Blend();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Blend;
  }

  @Override
  public int hashCode() {
    return Blend.class.hashCode();
  }

  @Override
  public long numParams(boolean backprop) {
    return 0;
  }

  @Override
  public int minVertexInputs() {
    return INPUTS;
  }

  @Override
  public int maxVertexInputs() {
    return INPUTS;
  }

  @Override
  public org.deeplearning4j.nn.graph.vertex.GraphVertex instantiate(
      ComputationGraph graph,
      String name,
      int index,
      INDArray parameters,
      boolean initializeParameters,
      DataType networkDataType) {
    return new Vertex(graph, name, index, networkDataType);
  }

  @Override
  public InputType getOutputType(int layerIndex, InputType... inputs) {
    return inputs[1];
  }

  @Override
  public MemoryReport getMemoryReport(InputType... inputs) {
    return new LayerMemoryReport.Builder(null, Blend.class, inputs[1], inputs[1])
        .standardMemory(0, 0)
        .workingMemory(0, 0, inputs[1].arrayElementsPerExample(), 0)
        .cacheMemory(0, 0)
        .build();
  }

  @SuppressWarnings("overrides") // DL4J's base class overrides INDArray... by INDArray[]
  private static final class Vertex extends BaseGraphVertex {
    Vertex(ComputationGraph graph, String name, int index, DataType type) {
      super(graph, name, index, new VertexIndices[0], new VertexIndices[0], type);
    }

    @Override
    public boolean hasLayer() {
      return false;
    }

    @Override
    public org.deeplearning4j.nn.api.Layer getLayer() {
      return null;
    }

    @Override
    public INDArray doForward(boolean training, LayerWorkspaceMgr workspaces) {
      INDArray blend = workspaces.dup(ArrayType.ACTIVATIONS, inputs[1]); // [B, D]
      gate(blend.subi(inputs[2]));
      return blend.addi(inputs[2]);
    }

    @Override
    public Pair<Gradient, INDArray[]> doBackward(boolean truncated, LayerWorkspaceMgr workspaces) {
      INDArray first = workspaces.dup(ArrayType.ACTIVATION_GRAD, epsilon); // [B, D]
      gate(first);
      INDArray second = workspaces.dup(ArrayType.ACTIVATION_GRAD, epsilon).subi(first); // [B, D]
      INDArray product = inputs[1].sub(inputs[2]).muli(epsilon); // [B, D]
      INDArray ofGate =
          workspaces.leverageTo(
              ArrayType.ACTIVATION_GRAD,
              gates() == product.size(1) ? product : stretches(product).sum(2));
      return new Pair<>(null, new INDArray[] {ofGate, first, second});
    }

    private void gate(INDArray rows) {
      if (gates() == rows.size(1)) {
        rows.muli(inputs[0]);
        return;
      }
      INDArray stretches = stretches(rows);
      INDArray gates = inputs[0].reshape(inputs[0].size(0), gates(), 1);
      rows.assign(stretches.mul(gates.broadcast(stretches.shape())).reshape('c', rows.shape()));
    }

    private long gates() {
      return inputs[0].size(1);
    }

    /** {@code [B, n, D / n]}. */
    private INDArray stretches(INDArray rows) {
      return rows.dup('c').reshape('c', rows.size(0), gates(), rows.size(1) / gates());
    }

    @Override
    public void setBackpropGradientsViewArray(INDArray gradients) {
      if (gradients != null) {
        throw new IllegalArgumentException("a blend has no parameters");
      }
    }

    @Override
    public Pair<INDArray, MaskState> feedForwardMaskArrays(
        INDArray[] masks, MaskState state, int minibatch) {
      return null;
    }

    @Override
    public String toString() {
      return "Blend(" + getVertexName() + ")";
    }
  }
}
