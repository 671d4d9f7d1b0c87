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
import org.nd4j.linalg.ops.transforms.Transforms;

/**
 * How much two tokens x and y together attend to x, head by head: the mean over both tokens'
 * queries of the softmax weight of x's key.
 *
 * <pre>
 *   g_h = 1/2 sum_{z in x,y} exp(q_z,h . k_x,h / sqrt(w/n)) / sum_{u in x,y} exp(q_z,h . k_u,h / sqrt(w/n))
 * </pre>
 *
 * <p>With two tokens the softmax is the sigmoid of the difference of the logits, and what the
 * tokens take from y is {@code 1 - g_h}: a {@link Blend} of the values by this gate is multi-head
 * self-attention over the two tokens, averaged over them.
 *
 * <p>Dimensions: B = rows, w = width of queries and keys, n = heads, which divide w. The inputs are
 * the query of x, the query of y, the key of x and the key of y, {@code [B, w]} each; the result is
 * {@code [B, n]}.
 *
 * <p>Source: Vaswani et al., "Attention Is All You Need", section 3.2 (arXiv:1706.03762).
 */
public final class AttentionGate extends GraphVertex {
  private static final int INPUTS = 4;

  private final int heads;

  /**
   * @param heads heads n, dividing the width of the inputs
   */
  public AttentionGate(int heads) {
    this.heads = heads;
  }

  int heads() {
    return heads;
  }

  @Override
  public GraphVertex clone() {
    return new AttentionGate(heads);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof AttentionGate gate && gate.heads == heads;
  }

  @Override
  public int hashCode() {
    return 31 * AttentionGate.class.hashCode() + heads;
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
    return new Vertex(graph, name, index, networkDataType, heads);
  }

  @Override
  public InputType getOutputType(int layerIndex, InputType... inputs) {
    return InputType.feedForward(heads);
  }

  @Override
  public MemoryReport getMemoryReport(InputType... inputs) {
    return new LayerMemoryReport.Builder(
            null, AttentionGate.class, inputs[0], InputType.feedForward(heads))
        .standardMemory(0, 0)
        .workingMemory(0, 0, 2 * inputs[0].arrayElementsPerExample(), 0)
        .cacheMemory(0, 0)
        .build();
  }

  @SuppressWarnings("overrides") // DL4J's base class overrides INDArray... by INDArray[]
  private static final class Vertex extends BaseGraphVertex {
    private final int heads;

    Vertex(ComputationGraph graph, String name, int index, DataType type, int heads) {
      super(graph, name, index, new VertexIndices[0], new VertexIndices[0], type);
      this.heads = heads;
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
      return workspaces.leverageTo(
          ArrayType.ACTIVATIONS, gate(inputs[0]).addi(gate(inputs[1])).muli(0.5));
    }

    /** {@code [B, n]}. */
    private INDArray gate(INDArray queries) {
      INDArray logits = split(queries.mul(inputs[2].sub(inputs[3]))).sum(2); // [B, n]
      return Transforms.sigmoid(logits.muli(factor()), false);
    }

    private double factor() {
      return 1 / Math.sqrt((double) inputs[0].size(1) / heads);
    }

    /** {@code [B, n, w / n]}. */
    private INDArray split(INDArray rows) {
      return rows.dup('c').reshape('c', rows.size(0), heads, rows.size(1) / heads);
    }

    @Override
    public Pair<Gradient, INDArray[]> doBackward(boolean truncated, LayerWorkspaceMgr workspaces) {
      INDArray keys = inputs[2].sub(inputs[3]);
      INDArray ofKeys = keys.mul(0);
      INDArray[] gradients = new INDArray[INPUTS];
      for (int token = 0; token < 2; token++) {
        INDArray gate = gate(inputs[token]);
        INDArray ofLogits = gate.mul(gate.rsub(1)).muli(epsilon).muli(factor() / 2); // [B, n]
        gradients[token] = workspaces.leverageTo(ArrayType.ACTIVATION_GRAD, spread(ofLogits, keys));
        ofKeys.addi(spread(ofLogits, inputs[token]));
      }
      gradients[2] = workspaces.leverageTo(ArrayType.ACTIVATION_GRAD, ofKeys);
      gradients[3] = workspaces.leverageTo(ArrayType.ACTIVATION_GRAD, ofKeys.neg());
      return new Pair<>(null, gradients);
    }

    /** Each head's factor times the head's stretch of the rows, {@code [B, w]}. */
    private INDArray spread(INDArray factors, INDArray rows) {
      INDArray stretches = split(rows);
      return stretches
          .muli(factors.reshape(factors.size(0), heads, 1).broadcast(stretches.shape()))
          .reshape('c', rows.shape());
    }

    @Override
    public void setBackpropGradientsViewArray(INDArray gradients) {
      if (gradients != null) {
        throw new IllegalArgumentException("an attention gate has no parameters");
      }
    }

    @Override
    public Pair<INDArray, MaskState> feedForwardMaskArrays(
        INDArray[] masks, MaskState state, int minibatch) {
      return null;
    }

    @Override
    public String toString() {
      return "AttentionGate(" + getVertexName() + ")";
    }
  }
}
