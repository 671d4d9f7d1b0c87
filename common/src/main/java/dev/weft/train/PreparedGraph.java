package dev.weft.train;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Runs a DL4J graph forward and backward in memory that is reserved once.
 *
 * <p>DL4J's own passes take fresh memory for every activation and every gradient of one, which
 * costs more than the arithmetic; they also compute the gradients of the graph's inputs, which are
 * frozen features here. This class takes the structure, the parameters and their order from the
 * graph, so the graph stays the one definition of a head, and is what tests compare with.
 *
 * <p>It knows the vertices that fusion heads are made of: dense layers (identity, ReLU, sigmoid),
 * merge, scale, element-wise sum and product, L2 normalisation, {@link Blend} and {@link
 * AttentionGate}. A merge or a scale costs nothing: it is folded into the dense layer behind it.
 *
 * <p>Dimensions: r = rows of a pass, w = width of a vertex, P = parameters. Inside, a vertex holds
 * {@code [w, r]} in column order, which is the same memory as {@code [r, w]} in row order and the
 * order of results in which ND4J's matrix product is fast.
 *
 * <p>Not safe for use by two threads at once.
 */
final class PreparedGraph {
  private final ComputationGraph graph;
  private final Map<String, GraphNode.Input> inputs = new HashMap<>();
  private final List<GraphNode> nodes = new ArrayList<>();
  private final GraphNode output;
  private final INDArray gradient; // [P]
  private final PassMemory memory;

  PreparedGraph(ComputationGraph graph) {
    this.graph = graph;
    this.gradient = Nd4j.zeros(graph.params().dataType(), graph.params().length());
    this.memory = new PassMemory(gradient.dataType());
    Map<String, List<GraphNode.Part>> parts = new HashMap<>();
    for (String name : graph.getConfiguration().getNetworkInputs()) {
      GraphNode.Input input = new GraphNode.Input(memory);
      inputs.put(name, input);
      parts.put(name, List.of(new GraphNode.Part(input, 1)));
    }
    for (int index : graph.topologicalSortOrder()) {
      String name = graph.getVertices()[index].getVertexName();
      GraphVertex vertex = graph.getConfiguration().getVertices().get(name);
      if (vertex != null) {
        List<List<GraphNode.Part>> sources =
            graph.getConfiguration().getVertexInputs().get(name).stream().map(parts::get).toList();
        parts.put(name, parts(name, vertex, sources));
      }
    }
    output = single(parts.get(graph.getConfiguration().getNetworkOutputs().get(0)));
  }

  /** What a vertex is for those that read it. */
  private List<GraphNode.Part> parts(
      String name, GraphVertex vertex, List<List<GraphNode.Part>> sources) {
    if (vertex instanceof MergeVertex) {
      return sources.stream().flatMap(List::stream).toList();
    }
    if (vertex instanceof ScaleVertex scale) {
      return sources.get(0).stream()
          .map(part -> new GraphNode.Part(part.node(), part.factor() * scale.getScaleFactor()))
          .toList();
    }
    GraphNode node = node(name, vertex, sources);
    nodes.add(node);
    return List.of(new GraphNode.Part(node, 1));
  }

  private GraphNode node(String name, GraphVertex vertex, List<List<GraphNode.Part>> sources) {
    if (vertex instanceof LayerVertex layer
        && layer.getLayerConf().getLayer() instanceof DenseLayer dense) {
      return new DenseNode(
          memory, sources.get(0), graph.getLayer(name), dense.getActivationFn(), gradient);
    }
    List<GraphNode> from = sources.stream().map(PreparedGraph::single).toList();
    if (vertex instanceof Blend) {
      return new GateNodes.Blended(memory, from.get(0), from.get(1), from.get(2));
    }
    if (vertex instanceof AttentionGate gate) {
      return new GateNodes.Attended(memory, from, gate.heads());
    }
    if (vertex instanceof L2NormalizeVertex) {
      return new ElementNodes.Normalized(memory, from.get(0));
    }
    if (vertex instanceof ElementWiseVertex element) {
      if (element.getOp() == ElementWiseVertex.Op.Product && from.size() == 2) {
        return new ElementNodes.Product(memory, from.get(0), from.get(1));
      }
      if (element.getOp() == ElementWiseVertex.Op.Add) {
        return new ElementNodes.Sum(memory, from);
      }
    }
    throw new IllegalArgumentException(
        "the vertex " + name + " is of a kind no head has: " + vertex);
  }

  private static GraphNode single(List<GraphNode.Part> parts) {
    if (parts.size() != 1 || parts.get(0).factor() != 1) {
      throw new IllegalArgumentException("only a dense layer reads a merged or scaled vertex");
    }
    return parts.get(0).node();
  }

  /**
   * Runs forward, and keeps what {@link #backward} needs.
   *
   * @param values the inputs in the order of the graph, each {@code [r, w]} in row order; held
   *     until after the next {@link #backward}, not changed
   * @return the output, {@code [r, w]} in row order; valid until the next call
   */
  INDArray forward(List<INDArray> values) {
    int count = (int) values.get(0).size(0);
    List<String> names = graph.getConfiguration().getNetworkInputs();
    for (int i = 0; i < names.size(); i++) {
      inputs.get(names.get(i)).set(values.get(i));
    }
    if (count != memory.rows()) {
      memory.resize(count);
      nodes.forEach(GraphNode::reserve);
    }
    nodes.forEach(GraphNode::forward);
    return output.value.transpose();
  }

  /**
   * Back-propagates through the last {@link #forward}.
   *
   * @param ofOutput gradient in the output, {@code [r, w]} in row order; not changed
   * @param accumulate whether to add to the gradient that is there, instead of replacing it
   */
  void backward(INDArray ofOutput, boolean accumulate) {
    nodes.forEach(node -> node.reached = false);
    output.give(into -> into.assign(ofOutput.transpose()));
    for (int i = nodes.size() - 1; i >= 0; i--) {
      nodes.get(i).backward(accumulate);
    }
  }

  /** The gradient in the parameters, P numbers in their order: live. */
  INDArray gradient() {
    return gradient;
  }
}
