package dev.weft.encode;

import dev.weft.compute.NativeBackend;
import dev.weft.compute.NativeVectors;
import dev.weft.compute.RandomKey;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.NoOp;

/**
 * The image tower of the starter encoder: one dense layer shared by all patches, one over all
 * patches together, one to the common space.
 *
 * <pre>
 *   [B, S, S, 3] -cut-> [B P, 3 p p] -dense, ReLU-> [B P, u] -> [B, P u] -dense, ReLU-> [B, h] -dense-> [B, D]
 * </pre>
 *
 * <p>B images of side S, P patches of side p, u units per patch, h hidden units. The first layer is
 * a convolution with stride p written as a matrix product: DL4J's convolutions are a hundred times
 * slower on a processor. The result is not yet at unit length.
 *
 * <p>Not safe for use by two threads at once: the network keeps its last activations.
 */
public final class PatchNetwork {
  private final PatchShape shape;
  private final ComputationGraph graph;
  private final DataType type;
  private INDArray patches; // [B P, 3 p p], kept: fresh memory costs more than the arithmetic

  private PatchNetwork(PatchShape shape, DataType type) {
    NativeBackend.load();
    this.shape = shape;
    this.type = type;
    this.graph = new ComputationGraph(configuration(shape, type));
    this.patches = Nd4j.create(DataType.FLOAT, shape.patches(), shape.patchLength());
    graph.init();
    if (graph.numParams() != shape.parameterCount()) {
      throw new IllegalStateException(shape + " has " + graph.numParams() + " parameters");
    }
  }

  /** A network with all parameters zero. */
  public static PatchNetwork of(PatchShape shape) {
    return new PatchNetwork(shape, DataType.FLOAT);
  }

  /** A network in double precision, to check gradients with. */
  static PatchNetwork inDoublePrecision(PatchShape shape) {
    return new PatchNetwork(shape, DataType.DOUBLE);
  }

  private static ComputationGraphConfiguration configuration(PatchShape shape, DataType type) {
    return new NeuralNetConfiguration.Builder()
        .dataType(type)
        .updater(new NoOp())
        .activation(Activation.RELU)
        .graphBuilder()
        .addInputs("patches")
        .addLayer("patch", dense(shape.patchLength(), shape.patchUnits()), "patches")
        .addVertex(
            "image",
            new ReshapeVertex('c', new int[] {-1, shape.patches() * shape.patchUnits()}, null),
            "patch")
        .addLayer(
            "hidden", dense(shape.patches() * shape.patchUnits(), shape.hiddenUnits()), "image")
        .addLayer(
            "space",
            new DenseLayer.Builder()
                .nIn(shape.hiddenUnits())
                .nOut(shape.dimension())
                .activation(Activation.IDENTITY)
                .build(),
            "hidden")
        .setOutputs("space")
        .build();
  }

  private static DenseLayer dense(int in, int out) {
    return new DenseLayer.Builder().nIn(in).nOut(out).build();
  }

  /**
   * Draws initial parameters: weights uniform with variance {@code 2 / inputs} (He et al., ICCV
   * 2015), biases zero.
   *
   * @param seed equal seeds give equal bytes
   */
  public void initialize(long seed) {
    for (Map.Entry<String, INDArray> entry : new TreeMap<>(graph.paramTable()).entrySet()) {
      INDArray values = entry.getValue();
      if (entry.getKey().endsWith("_b")) {
        values.assign(0);
        continue;
      }
      SplittableRandom random = new SplittableRandom(RandomKey.of(seed, entry.getKey().hashCode()));
      double limit = Math.sqrt(6.0 / values.size(0));
      double[] drawn =
          random.doubles(values.length()).map(unit -> (2 * unit - 1) * limit).toArray();
      values.assign(Nd4j.createFromArray(drawn).castTo(type).reshape(values.shape()));
    }
  }

  /** The sizes. */
  public PatchShape shape() {
    return shape;
  }

  /** The live flat parameters: writing to them changes the network. */
  public INDArray parameters() {
    return graph.params();
  }

  /**
   * Computes the towers' results, and keeps what {@link #backward} needs.
   *
   * @param images normalised pixels, each interleaved {@code [S, S, 3]}, at least one
   * @return {@code [B, D]}, not normalised; valid until the next call
   */
  public INDArray forward(List<float[]> images) {
    int rows = Math.multiplyExact(images.size(), shape.patches());
    if (patches.size(0) != rows) {
      patches = Nd4j.createUninitialized(DataType.FLOAT, rows, shape.patchLength());
    }
    FloatBuffer numbers = NativeVectors.view(patches);
    float[] cut = new float[shape.imageLength()];
    for (float[] image : images) {
      shape.cut(image, cut);
      numbers.put(cut);
    }
    return graph
        .feedForward(new INDArray[] {patches.castTo(type)}, true, false)
        .get("space"); // [B, D]
  }

  /**
   * Back-propagates through the last {@link #forward}.
   *
   * @param gradient dL/d(result), {@code [B, D]}
   * @return dL/d(parameters), flat, in the order of {@link #parameters}; valid until the next call
   */
  public INDArray backward(INDArray gradient) {
    return graph.backpropGradient(gradient).gradient();
  }
}
