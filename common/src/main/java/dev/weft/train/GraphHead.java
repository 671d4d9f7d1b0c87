package dev.weft.train;

import dev.weft.compute.RandomKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A head that is a DL4J graph: composes, and back-propagates the gradient of its result into one
 * flat vector.
 *
 * <p>Dimensions: B = rows, D = embedding width, P = parameters.
 *
 * <p>Not safe for use by two threads at once: a graph keeps its last activations.
 */
public final class GraphHead implements FusionHead {
  private static final long WEIGHTS = 3;

  private final HeadArchitecture.Trainable architecture;
  private final ComputationGraph graph;
  private final DataType type;
  private final List<INDArray> masks = new ArrayList<>();

  private GraphHead(
      HeadArchitecture.Trainable architecture, ComputationGraph graph, DataType type) {
    this.architecture = architecture;
    this.graph = graph;
    this.type = type;
  }

  /** A head in float32 with all parameters zero. */
  public static GraphHead build(HeadArchitecture.Trainable architecture) {
    return build(architecture, DataType.FLOAT);
  }

  /** As above in another precision: DOUBLE, to check gradients. */
  static GraphHead build(HeadArchitecture.Trainable architecture, DataType type) {
    ComputationGraph graph = new ComputationGraph(architecture.graph(type));
    graph.init();
    if (graph.numParams() != architecture.parameterCount()) {
      throw new IllegalStateException(
          architecture + " has " + graph.numParams() + " parameters in its graph");
    }
    return new GraphHead(architecture, graph, type);
  }

  @Override
  public HeadArchitecture.Trainable architecture() {
    return architecture;
  }

  /** The live parameters, P in the order of the graph: writing to them changes the head. */
  public INDArray parameters() {
    return graph.params();
  }

  /**
   * Draws initial parameters: weights uniform within {@code sqrt(6 / (inputs + outputs))} (Glorot
   * and Bengio, AISTATS 2010), biases zero.
   */
  public void initialize(long seed) {
    // Sorted, so that the order in which a graph lists its layers changes nothing.
    for (Map.Entry<String, INDArray> entry : new TreeMap<>(graph.paramTable()).entrySet()) {
      INDArray values = entry.getValue();
      if (entry.getKey().endsWith("_b")) {
        values.assign(0);
        continue;
      }
      SplittableRandom random =
          new SplittableRandom(RandomKey.of(seed, WEIGHTS, entry.getKey().hashCode()));
      double limit = Math.sqrt(6.0 / (values.size(0) + values.size(1)));
      double[] drawn =
          random.doubles(values.length()).map(unit -> (2 * unit - 1) * limit).toArray();
      values.assign(Nd4j.createFromArray(drawn).castTo(type).reshape(values.shape()));
    }
  }

  @Override
  public INDArray compose(INDArray images, INDArray texts) {
    List<INDArray> inputs = new ArrayList<>(List.of(images, texts));
    for (int width : architecture.dropoutWidths()) {
      inputs.add(Nd4j.ones(type, images.size(0), width)); // nothing is dropped
    }
    return graph.output(false, inputs.toArray(INDArray[]::new))[0];
  }

  /**
   * Composes with dropout, and keeps what {@link #backward} needs.
   *
   * @param images reference images, {@code [B, D]}
   * @param texts sentences, {@code [B, D]}
   * @param keys what dropout is keyed by, B rows
   * @return queries, {@code [B, D]}, unit length
   */
  INDArray forward(INDArray images, INDArray texts, RowKeys keys) {
    List<INDArray> inputs = new ArrayList<>(List.of(images, texts));
    List<Integer> widths = architecture.dropoutWidths();
    for (int layer = 0; layer < widths.size(); layer++) {
      inputs.add(mask(layer, widths.get(layer), keys));
    }
    String output = graph.getConfiguration().getNetworkOutputs().get(0);
    return graph.feedForward(inputs.toArray(INDArray[]::new), true, false).get(output);
  }

  /**
   * Back-propagates through the last {@link #forward}.
   *
   * @param gradient dL/dq, {@code [B, D]}
   * @return dL/dparameters, P numbers in the order of {@link #parameters}; valid until the next
   *     call
   */
  INDArray backward(INDArray gradient) {
    return graph.backpropGradient(gradient).gradient();
  }

  private INDArray mask(int layer, int width, RowKeys keys) {
    if (masks.size() == layer) {
      masks.add(Nd4j.createUninitialized(type, keys.rows().length, width));
    }
    if (masks.get(layer).size(0) != keys.rows().length) {
      masks.set(layer, Nd4j.createUninitialized(type, keys.rows().length, width));
    }
    keys.dropout(layer, architecture.dropout(), masks.get(layer));
    return masks.get(layer);
  }
}
