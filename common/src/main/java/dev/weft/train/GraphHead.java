package dev.weft.train;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A head that is a DL4J graph: composes, and back-propagates the gradient of its result into one
 * flat vector. The graph is what the head is; {@link PreparedGraph} runs it in memory that stays.
 *
 * <p>Dimensions: B = rows, D = embedding width, P = parameters.
 *
 * <p>Not safe for use by two threads at once: a graph keeps its last activations.
 */
public final class GraphHead implements FusionHead {
  private static final int ROWS_PER_PASS = 1024;

  private final HeadArchitecture.Trainable architecture;
  private final ComputationGraph graph;
  private final DataType type;
  private final PreparedGraph prepared;
  private final List<INDArray> masks = new ArrayList<>();

  private GraphHead(
      HeadArchitecture.Trainable architecture, ComputationGraph graph, DataType type) {
    this.architecture = architecture;
    this.graph = graph;
    this.type = type;
    this.prepared = new PreparedGraph(graph);
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

  /** Takes the initial parameters of a seed, {@link HeadLayout#initial}. */
  public void initialize(long seed) {
    float[] drawn = HeadLayout.of(architecture).initial(seed);
    graph.params().assign(Nd4j.createFromArray(drawn).castTo(type).reshape(1, drawn.length));
  }

  /** The DL4J graph itself: inputs as {@link HeadArchitecture.Trainable#graph} says. */
  ComputationGraph graph() {
    return graph;
  }

  @Override
  public INDArray compose(INDArray images, INDArray texts) {
    int rows = (int) images.size(0);
    INDArray queries = Nd4j.createUninitialized(type, rows, architecture.dimension());
    for (int from = 0; from < rows; from += ROWS_PER_PASS) {
      int to = Math.min(rows, from + ROWS_PER_PASS);
      List<INDArray> inputs = new ArrayList<>();
      inputs.add(rows(images.dup('c'), from, to));
      inputs.add(rows(texts.dup('c'), from, to));
      for (int width : architecture.dropoutWidths()) {
        inputs.add(Nd4j.ones(type, to - from, width)); // nothing is dropped
      }
      rows(queries, from, to).assign(prepared.forward(inputs));
    }
    return queries;
  }

  /**
   * Composes with dropout, and keeps what {@link #backward} needs.
   *
   * @param images reference images, {@code [B, D]} in row order; must not change before {@link
   *     #backward}
   * @param texts sentences, as the images
   * @param keys what dropout is keyed by, B rows
   * @return queries, {@code [B, D]}, unit length; valid until the next call
   */
  INDArray forward(INDArray images, INDArray texts, RowKeys keys) {
    List<INDArray> inputs = new ArrayList<>(List.of(images, texts));
    List<Integer> widths = architecture.dropoutWidths();
    for (int layer = 0; layer < widths.size(); layer++) {
      inputs.add(mask(layer, widths.get(layer), keys));
    }
    return prepared.forward(inputs);
  }

  /**
   * Back-propagates through the last {@link #forward}.
   *
   * @param gradient dL/dq, {@code [B, D]} in row order
   * @param accumulate whether to add to the gradient of the calls before, instead of replacing it
   * @return dL/dparameters, P numbers in the order of {@link #parameters}; valid until the next
   *     call
   */
  INDArray backward(INDArray gradient, boolean accumulate) {
    prepared.backward(gradient, accumulate);
    return prepared.gradient();
  }

  /** Rows of a whole matrix in row order, without a copy. */
  static INDArray rows(INDArray matrix, int from, int to) {
    return Nd4j.create(
        matrix.data(),
        new long[] {to - from, matrix.size(1)},
        new long[] {matrix.size(1), 1},
        matrix.offset() + from * matrix.size(1),
        'c');
  }

  private INDArray mask(int layer, int width, RowKeys keys) {
    int rows = keys.rows().length;
    if (masks.size() == layer) {
      masks.add(Nd4j.createUninitialized(type, rows, width));
    }
    if (masks.get(layer).size(0) < rows) {
      masks.set(layer, Nd4j.createUninitialized(type, rows, width));
    }
    INDArray mask = rows(masks.get(layer), 0, rows);
    keys.dropout(layer, architecture.dropout(), mask);
    return mask;
  }
}
