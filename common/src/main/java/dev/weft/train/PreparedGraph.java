package dev.weft.train;

import dev.weft.compute.MatrixProduct;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.Layer;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.activations.impl.ActivationReLU;
import org.nd4j.linalg.activations.impl.ActivationSigmoid;
import org.nd4j.linalg.api.buffer.DataBuffer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.broadcast.BroadcastMulOp;
import org.nd4j.linalg.api.ops.impl.reduce3.Dot;
import org.nd4j.linalg.api.ops.impl.scalar.RectifiedLinear;
import org.nd4j.linalg.api.ops.impl.scalar.Step;
import org.nd4j.linalg.api.ops.impl.transforms.strict.Sigmoid;
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
  private final Map<String, Input> inputs = new HashMap<>();
  private final List<Node> nodes = new ArrayList<>();
  private final Node output;
  private final INDArray gradient; // [P]
  private final Reserve scratch;
  private int rows;

  PreparedGraph(ComputationGraph graph) {
    this.graph = graph;
    this.gradient = Nd4j.zeros(graph.params().dataType(), graph.params().length());
    this.scratch = new Reserve();
    Map<String, List<Part>> parts = new HashMap<>();
    for (String name : graph.getConfiguration().getNetworkInputs()) {
      Input input = new Input();
      inputs.put(name, input);
      parts.put(name, List.of(new Part(input, 1)));
    }
    for (int index : graph.topologicalSortOrder()) {
      String name = graph.getVertices()[index].getVertexName();
      GraphVertex vertex = graph.getConfiguration().getVertices().get(name);
      if (vertex != null) {
        List<List<Part>> sources =
            graph.getConfiguration().getVertexInputs().get(name).stream().map(parts::get).toList();
        parts.put(name, parts(name, vertex, sources));
      }
    }
    output = single(parts.get(graph.getConfiguration().getNetworkOutputs().get(0)));
  }

  /** A vertex, or columns of a merged one, times a factor. */
  private record Part(Node node, double factor) {}

  /** What a vertex is for those that read it. */
  private List<Part> parts(String name, GraphVertex vertex, List<List<Part>> sources) {
    if (vertex instanceof MergeVertex) {
      return sources.stream().flatMap(List::stream).toList();
    }
    if (vertex instanceof ScaleVertex scale) {
      return sources.get(0).stream()
          .map(part -> new Part(part.node(), part.factor() * scale.getScaleFactor()))
          .toList();
    }
    Node node = node(name, vertex, sources);
    nodes.add(node);
    return List.of(new Part(node, 1));
  }

  private Node node(String name, GraphVertex vertex, List<List<Part>> sources) {
    if (vertex instanceof LayerVertex layer
        && layer.getLayerConf().getLayer() instanceof DenseLayer dense) {
      return new Dense(sources.get(0), graph.getLayer(name), dense.getActivationFn());
    }
    List<Node> from = sources.stream().map(PreparedGraph::single).toList();
    if (vertex instanceof Blend) {
      return new Blended(from.get(0), from.get(1), from.get(2));
    }
    if (vertex instanceof AttentionGate gate) {
      return new Attended(from, gate.heads());
    }
    if (vertex instanceof L2NormalizeVertex) {
      return new Normalized(from.get(0));
    }
    if (vertex instanceof ElementWiseVertex element) {
      if (element.getOp() == ElementWiseVertex.Op.Product && from.size() == 2) {
        return new Product(from.get(0), from.get(1));
      }
      if (element.getOp() == ElementWiseVertex.Op.Add) {
        return new Sum(from);
      }
    }
    throw new IllegalArgumentException(
        "the vertex " + name + " is of a kind no head has: " + vertex);
  }

  private static Node single(List<Part> parts) {
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
    if (count != rows) {
      rows = count;
      nodes.forEach(node -> node.reserve(count));
    }
    nodes.forEach(Node::forward);
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

  /** Memory that grows to the largest matrix asked for. */
  private final class Reserve {
    private INDArray buffer = Nd4j.createUninitialized(gradient.dataType(), 1);

    /** {@code [width, r]} in column order; what it holds is undefined. */
    INDArray matrix(long width) {
      long length = width * rows;
      if (buffer.length() < length) {
        buffer = Nd4j.createUninitialized(gradient.dataType(), length);
      }
      return Nd4j.create(buffer.data(), new long[] {width, rows}, new long[] {1, width}, 0, 'f');
    }
  }

  /** Writes a contribution to a gradient. */
  private interface Contribution {
    void write(INDArray into);
  }

  /** A vertex between two passes. */
  private abstract class Node {
    private final Reserve values = new Reserve();
    private final Reserve errors = new Reserve();

    /** The result, {@code [w, r]}. */
    INDArray value;

    /** The gradient in the result, {@code [w, r]}. */
    INDArray error;

    /** Whether the error holds something yet. */
    boolean reached;

    /** Whether anything before this vertex is trained. */
    boolean trained;

    abstract long width();

    abstract void forward();

    abstract void backward(boolean accumulate);

    void reserve(int count) {
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
        INDArray further = scratch.matrix(width());
        contribution.write(further);
        error.addi(further);
        return;
      }
      contribution.write(error);
      reached = true;
    }
  }

  /** An input: frozen features or a mask. */
  private final class Input extends Node {
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

  /** {@code activation(sum_k factor_k W_k^T x_k + b)}, the x being the parts of a merged input. */
  private final class Dense extends Node {
    private final List<Part> sources;
    private final INDArray weights; // [inputs, w] in column order
    private final INDArray bias; // [w, 1]
    private final INDArray ofWeights;
    private final INDArray ofBias;
    private final IActivation activation;
    private INDArray ones; // [r, 1]

    Dense(List<Part> sources, Layer layer, IActivation activation) {
      this.sources = sources;
      this.activation = activation;
      weights = layer.getParam("W");
      ofWeights = likeIn(gradient, weights);
      INDArray row = layer.getParam("b");
      bias = column(row, row.data(), row.offset());
      ofBias = column(row, gradient.data(), row.offset());
      trained = true;
      boolean known =
          activation instanceof ActivationReLU
              || activation instanceof ActivationSigmoid
              || activation.toString().equals("identity");
      if (!known) {
        throw new IllegalArgumentException("no head has the activation " + activation);
      }
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
    void reserve(int count) {
      super.reserve(count);
      ones = Nd4j.ones(gradient.dataType(), count, 1);
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
      value.addiColumnVector(bias);
      if (activation instanceof ActivationReLU) {
        Nd4j.exec(new RectifiedLinear(value, value, 0));
      }
      if (activation instanceof ActivationSigmoid) {
        Nd4j.exec(new Sigmoid(value, value));
      }
    }

    @Override
    void backward(boolean accumulate) {
      if (activation instanceof ActivationReLU) {
        // The derivative at the result is that at the argument: both are above zero, or neither.
        INDArray derivative = scratch.matrix(width());
        Nd4j.exec(new Step(value, derivative, 0));
        error.muli(derivative);
      }
      if (activation instanceof ActivationSigmoid) {
        error.muli(value); // e a (1 - a) = e a - e a a
        error.subi(error.muli(value, scratch.matrix(width())));
      }
      double beta = accumulate ? 1 : 0;
      MatrixProduct.add(error, ones, ofBias, 1, beta);
      int from = 0;
      for (Part part : sources) {
        Node source = part.node();
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

  /** {@code g x + (1 - g) y}, with a gate for each coordinate, or for each of n equal stretches. */
  private final class Blended extends Node {
    private final Node gate;
    private final Node first;
    private final Node second;
    private final Reserve differences = new Reserve();
    private INDArray difference; // x - y

    Blended(Node gate, Node first, Node second) {
      this.gate = gate;
      this.first = first;
      this.second = second;
      trained = true;
    }

    @Override
    long width() {
      return first.width();
    }

    @Override
    void reserve(int count) {
      super.reserve(count);
      difference = differences.matrix(width());
    }

    @Override
    void forward() {
      first.value.subi(second.value, difference);
      gated(difference, value);
      value.addi(second.value);
    }

    @Override
    void backward(boolean accumulate) {
      gate.give(
          into -> {
            if (gate.width() == width()) {
              error.muli(difference, into);
              return;
            }
            difference.muli(error); // not needed after this
            into.assign(stretches(difference).sum(0).reshape('f', into.shape()));
          });
      first.give(into -> gated(error, into));
      second.give(
          into -> {
            gated(error, into);
            error.subi(into, into);
          });
    }

    private void gated(INDArray from, INDArray into) {
      if (gate.width() == width()) {
        from.muli(gate.value, into);
        return;
      }
      Nd4j.exec(
          new BroadcastMulOp(
              stretches(from),
              gate.value.reshape('f', new long[] {gate.width() * rows}),
              stretches(into),
              1));
    }

    /** {@code [w / n, n r]}: each gate has its own column. */
    private INDArray stretches(INDArray matrix) {
      return stretch(matrix, width() / gate.width());
    }
  }

  /** The same memory as columns of another length. */
  private static INDArray stretch(INDArray matrix, long length) {
    return Nd4j.create(
        matrix.data(),
        new long[] {length, matrix.length() / length},
        new long[] {1, length},
        matrix.offset(),
        'f');
  }

  /** {@link AttentionGate}: inputs query of x, query of y, key of x, key of y. */
  private final class Attended extends Node {
    private final Node ofFirst;
    private final Node ofSecond;
    private final Node firstKey;
    private final Node secondKey;
    private final int heads;
    private final double factor;
    private final Reserve[] reserves = {
      new Reserve(), new Reserve(), new Reserve(), new Reserve(), new Reserve()
    };
    private INDArray keys; // key of x - key of y, [w, r]
    private INDArray product; // [w, r]
    private final INDArray[] gates = new INDArray[2]; // [n, r] each

    Attended(List<Node> sources, int heads) {
      ofFirst = sources.get(0);
      ofSecond = sources.get(1);
      firstKey = sources.get(2);
      secondKey = sources.get(3);
      this.heads = heads;
      long width = ofFirst.width();
      factor = 1 / Math.sqrt((double) width / heads);
      trained = true;
    }

    @Override
    long width() {
      return heads;
    }

    @Override
    void reserve(int count) {
      super.reserve(count);
      keys = reserves[0].matrix(ofFirst.width());
      product = reserves[1].matrix(ofFirst.width());
      gates[0] = reserves[2].matrix(heads);
      gates[1] = reserves[3].matrix(heads);
    }

    @Override
    void forward() {
      firstKey.value.subi(secondKey.value, keys);
      gate(ofFirst, gates[0]);
      gate(ofSecond, gates[1]);
      gates[0].addi(gates[1], value);
      value.muli(0.5);
    }

    private void gate(Node query, INDArray into) {
      query.value.muli(keys, product);
      into.assign(stretched(product).sum(0).reshape('f', into.shape()));
      into.muli(factor);
      Nd4j.exec(new Sigmoid(into, into));
    }

    @Override
    void backward(boolean accumulate) {
      Node[] queries = {ofFirst, ofSecond};
      INDArray ofKeys = reserves[4].matrix(ofFirst.width());
      for (int i = 0; i < queries.length; i++) {
        INDArray gate = gates[i];
        Node query = queries[i];
        // Half the error, times the derivative of the sigmoid and of the scaled product.
        INDArray change = gate.rsub(1).muli(gate).muli(error).muli(factor / 2); // [n, r]
        query.give(into -> scaled(keys, change, into));
        scaled(query.value, change, i == 0 ? ofKeys : product);
      }
      ofKeys.addi(product);
      firstKey.give(into -> into.assign(ofKeys));
      secondKey.give(into -> into.assign(ofKeys).negi());
    }

    private void scaled(INDArray from, INDArray factors, INDArray into) {
      Nd4j.exec(
          new BroadcastMulOp(
              stretched(from),
              factors.reshape('f', new long[] {(long) heads * rows}),
              stretched(into),
              1));
    }

    private INDArray stretched(INDArray matrix) {
      return stretch(matrix, ofFirst.width() / heads);
    }
  }

  /** Element by element. */
  private final class Product extends Node {
    private final Node first;
    private final Node second;

    Product(Node first, Node second) {
      this.first = first;
      this.second = second;
      trained = first.trained || second.trained;
    }

    @Override
    long width() {
      return first.width();
    }

    @Override
    void forward() {
      first.value.muli(second.value, value);
    }

    @Override
    void backward(boolean accumulate) {
      first.give(into -> error.muli(second.value, into));
      second.give(into -> error.muli(first.value, into));
    }
  }

  /** Element by element. */
  private final class Sum extends Node {
    private final List<Node> terms;

    Sum(List<Node> terms) {
      this.terms = terms;
      trained = terms.stream().anyMatch(term -> term.trained);
    }

    @Override
    long width() {
      return terms.get(0).width();
    }

    @Override
    void forward() {
      terms.get(0).value.addi(terms.get(1).value, value);
      terms.stream().skip(2).forEach(term -> value.addi(term.value));
    }

    @Override
    void backward(boolean accumulate) {
      terms.forEach(term -> term.give(into -> into.assign(error)));
    }
  }

  /** Each row divided by its length. */
  private final class Normalized extends Node {
    private final Node source;
    private INDArray norms; // [r]

    Normalized(Node source) {
      this.source = source;
      trained = source.trained;
    }

    @Override
    long width() {
      return source.width();
    }

    @Override
    void forward() {
      norms = source.value.norm2(0);
      norms.addi(norms.eq(0).castTo(norms.dataType())); // a row of zeros stays one
      value.assign(source.value); // in place is three times as fast as into another matrix
      value.diviRowVector(norms);
    }

    @Override
    void backward(boolean accumulate) {
      INDArray along = Nd4j.exec(new Dot(value, error, 0)); // [r]
      source.give(
          into -> {
            into.assign(value);
            into.muliRowVector(along);
            error.subi(into, into);
            into.diviRowVector(norms);
          });
    }
  }
}
