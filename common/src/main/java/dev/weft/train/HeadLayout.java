package dev.weft.train;

import dev.weft.compute.Optimizer;
import dev.weft.compute.RandomKey;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;

/**
 * Where the parameters of a head lie in its flat vector, from the shapes of its layers alone: DL4J
 * puts the layers in the order in which the graph runs, each with its weights in column order and
 * then its biases. A driver needs no more, and the graph of a large head takes hundreds of
 * megabytes.
 *
 * <p>Dimensions: P = parameters.
 */
final class HeadLayout {
  private static final long WEIGHTS = 3;

  private final List<Layer> layers = new ArrayList<>();
  private final int count;

  /**
   * A dense layer.
   *
   * @param name its name in the graph
   * @param from its first weight among the parameters; its biases follow the weights
   */
  private record Layer(String name, int inputs, int outputs, int from) {
    Optimizer.Span weights() {
      return new Optimizer.Span(from, from + (long) inputs * outputs);
    }
  }

  private HeadLayout(HeadArchitecture.Trainable architecture) {
    ComputationGraphConfiguration graph = architecture.graph(DataType.FLOAT);
    var indices = new ComputationGraph(graph).calculateIndices(); // allocates no parameters
    long next = 0;
    for (int index : indices.getTopologicalSortOrder()) {
      String name = indices.getIdxToName().get(index);
      GraphVertex vertex = graph.getVertices().get(name);
      if (vertex instanceof LayerVertex layer
          && layer.getLayerConf().getLayer() instanceof DenseLayer dense) {
        layers.add(
            new Layer(name, (int) dense.getNIn(), (int) dense.getNOut(), Math.toIntExact(next)));
        next += (dense.getNIn() + 1) * dense.getNOut();
      }
    }
    if (next != architecture.parameterCount()) {
      throw new IllegalStateException(architecture + " has " + next + " parameters in its layers");
    }
    count = Math.toIntExact(next);
  }

  /** The layout of a head. */
  static HeadLayout of(HeadArchitecture.Trainable architecture) {
    return new HeadLayout(architecture);
  }

  /** Where the weights of the layers lie, in their order: everything but the biases. */
  List<Optimizer.Span> weights() {
    return layers.stream().map(Layer::weights).toList();
  }

  /**
   * Draws initial parameters: weights uniform within {@code sqrt(6 / (inputs + outputs))} (Glorot
   * and Bengio, AISTATS 2010), keyed by seed and layer, biases zero.
   *
   * @return P numbers
   */
  float[] initial(long seed) {
    float[] parameters = new float[count];
    for (Layer layer : layers) {
      // The key is the name of DL4J's parameter, so that it does not depend on the order of layers.
      String key = layer.name() + "_W";
      SplittableRandom random = new SplittableRandom(RandomKey.of(seed, WEIGHTS, key.hashCode()));
      double limit = Math.sqrt(6.0 / (layer.inputs() + layer.outputs()));
      for (int input = 0; input < layer.inputs(); input++) {
        for (int output = 0; output < layer.outputs(); output++) {
          int place = layer.from() + output * layer.inputs() + input;
          parameters[place] = (float) ((2 * random.nextDouble() - 1) * limit);
        }
      }
    }
    return parameters;
  }
}
