package dev.weft.train;

import java.io.Serializable;
import java.util.List;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration.GraphBuilder;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.WorkspaceMode;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.learning.config.NoOp;

/** What a head is made of, without the values of its parameters. */
public sealed interface HeadArchitecture extends Serializable { // travels with every task
  /** Embedding width D of images, texts and queries. */
  int dimension();

  /** What configuration files, artefacts and tables of results call it. */
  HeadKind kind();

  /** How many numbers training finds. */
  long parameterCount();

  /** How {@link Weighted} goes from the image to the text. */
  enum Mix {
    /** Along the chord, then back to unit length. */
    LINEAR,
    /** Along the great circle. */
    SLERP
  }

  /** What the gate of {@link Gated} decides about. */
  enum Gate {
    /** Each of the D coordinates by itself. */
    VECTOR,
    /** All coordinates together. */
    SCALAR
  }

  /** Sizes of the {@link Combiner}. */
  enum Preset {
    /** Projections as wide as the embedding, hidden layers twice; dropout 0.2. */
    SMALL(1, 2, 0.2),
    /** The paper's: projections four times as wide, hidden layers eight times; dropout 0.5. */
    FULL(4, 8, 0.5);

    private final int projection;
    private final int hidden;
    private final double dropout;

    Preset(int projection, int hidden, double dropout) {
      this.projection = projection;
      this.hidden = hidden;
      this.dropout = dropout;
    }

    /** The combiner of this size for an embedding width. */
    Combiner combiner(int dimension) {
      return new Combiner(dimension, projection * dimension, hidden * dimension, dropout);
    }
  }

  /**
   * The sum of both unit vectors.
   *
   * @param dimension embedding width D
   */
  record Sum(int dimension) implements HeadArchitecture {
    public Sum {
      requirePositive(dimension, "dimension");
    }

    @Override
    public HeadKind kind() {
      return HeadKind.SUM;
    }

    @Override
    public long parameterCount() {
      return 0;
    }
  }

  /**
   * One weight for all queries.
   *
   * @param dimension embedding width D
   * @param textWeight share of the text, 0 to 1
   * @param mix how to go from the image to the text
   */
  record Weighted(int dimension, double textWeight, Mix mix) implements HeadArchitecture {
    public Weighted {
      requirePositive(dimension, "dimension");
      if (!(textWeight >= 0 && textWeight <= 1)) {
        throw new IllegalArgumentException("the text weight must be 0 to 1, got " + textWeight);
      }
    }

    @Override
    public HeadKind kind() {
      return HeadKind.WEIGHTED;
    }

    @Override
    public long parameterCount() {
      return 0;
    }
  }

  /** A head that is trained by back-propagation. */
  sealed interface Trainable extends HeadArchitecture {
    /** Name of the input that takes the reference images. */
    String IMAGE = "image";

    /** Name of the input that takes the texts. */
    String TEXT = "text";

    /** Chance that a hidden unit is dropped in training, 0 for none. */
    double dropout();

    /**
     * Widths of the hidden layers that dropout acts on. The graph has one more input for each,
     * which takes a mask; empty without dropout.
     */
    List<Integer> dropoutWidths();

    /**
     * The network: inputs {@code image} and {@code text}, {@code [B, D]}, then the masks; one
     * output, {@code [B, D]}, unit length.
     */
    ComputationGraphConfiguration graph(DataType type);
  }

  /**
   * A gate between image and text: {@code h = a * v + (1 - a) * t}, {@code a = sigmoid(sqrt(D) W
   * [v; t] + b)}.
   *
   * <p>The coordinates of unit vectors are about {@code 1 / sqrt(D)}; the factor gives the gate
   * inputs of about 1, so that Adam's steps, which do not depend on the size of a gradient, move it
   * as fast as they move the layers of the other heads.
   *
   * <p>The vector gate is the highway unit of Srivastava et al., "Highway Networks"
   * (arXiv:1505.00387) between the two modalities, as in the gated unit of Arevalo et al., "Gated
   * Multimodal Units for Information Fusion" (arXiv:1702.01992).
   *
   * @param dimension embedding width D
   * @param gate what the gate decides about
   */
  record Gated(int dimension, Gate gate) implements Trainable {
    public Gated {
      requirePositive(dimension, "dimension");
    }

    @Override
    public HeadKind kind() {
      return HeadKind.GATED;
    }

    @Override
    public double dropout() {
      return 0;
    }

    @Override
    public List<Integer> dropoutWidths() {
      return List.of();
    }

    @Override
    public long parameterCount() {
      return (2L * dimension + 1) * gates();
    }

    private int gates() {
      return gate == Gate.VECTOR ? dimension : 1;
    }

    @Override
    public ComputationGraphConfiguration graph(DataType type) {
      return builder(type)
          .addInputs(IMAGE, TEXT)
          .addVertex("both", new MergeVertex(), IMAGE, TEXT)
          .addVertex("scaled", new ScaleVertex(Math.sqrt(dimension)), "both")
          .addLayer("gate", dense(2 * dimension, gates(), Activation.SIGMOID), "scaled")
          .addVertex("blend", new Blend(), "gate", IMAGE, TEXT)
          .addVertex("query", new L2NormalizeVertex(), "blend")
          .setOutputs("query")
          .build();
    }
  }

  /**
   * The Combiner: both vectors are projected, a hidden layer mixes them into a residual, and a
   * scalar of the query weighs the two vectors themselves.
   *
   * <p>Source: Baldrati et al., "Conditioned and Composed Image Retrieval Combining and Partially
   * Fine-Tuning CLIP-Based Features", CVPR Workshops 2022; there with projection 4D, hidden 8D and
   * dropout 0.5: {@link Preset#FULL}.
   *
   * @param dimension embedding width D
   * @param projection width of each projected vector
   * @param hidden width of the hidden layers
   * @param dropout chance that a hidden unit is dropped in training, 0 to below 1
   */
  record Combiner(int dimension, int projection, int hidden, double dropout) implements Trainable {
    public Combiner {
      requirePositive(dimension, "dimension");
      requirePositive(projection, "projection");
      requirePositive(hidden, "hidden");
      if (!(dropout >= 0 && dropout < 1)) {
        throw new IllegalArgumentException("dropout must be 0 to below 1, got " + dropout);
      }
    }

    @Override
    public HeadKind kind() {
      return HeadKind.COMBINER;
    }

    @Override
    public List<Integer> dropoutWidths() {
      return dropout > 0 ? List.of(projection, projection, hidden, hidden) : List.of();
    }

    @Override
    public long parameterCount() {
      long projections = 2 * (dimension + 1L) * projection;
      long hiddens = 2 * (2L * projection + 1) * hidden;
      return projections + hiddens + (hidden + 1L) * dimension + hidden + 1;
    }

    @Override
    public ComputationGraphConfiguration graph(DataType type) {
      GraphBuilder graph = builder(type).addInputs(IMAGE, TEXT);
      graph.addLayer("text-projection", dense(dimension, projection, Activation.RELU), TEXT);
      graph.addLayer("image-projection", dense(dimension, projection, Activation.RELU), IMAGE);
      String text = dropped(graph, "text-projection");
      String image = dropped(graph, "image-projection");
      graph.addVertex("both", new MergeVertex(), text, image);
      graph.addLayer("hidden", dense(2 * projection, hidden, Activation.RELU), "both");
      graph.addLayer("weight-hidden", dense(2 * projection, hidden, Activation.RELU), "both");
      String residual = dropped(graph, "hidden");
      String weight = dropped(graph, "weight-hidden");
      return graph
          .addLayer("residual", dense(hidden, dimension, Activation.IDENTITY), residual)
          .addLayer("weight", dense(hidden, 1, Activation.SIGMOID), weight)
          .addVertex("blend", new Blend(), "weight", TEXT, IMAGE)
          .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "residual", "blend")
          .addVertex("query", new L2NormalizeVertex(), "sum")
          .setOutputs("query")
          .build();
    }

    /** Multiplies a layer by a mask of its own; returns the name of what follows. */
    private String dropped(GraphBuilder graph, String layer) {
      if (dropout == 0) {
        return layer;
      }
      graph.addInputs(layer + "-mask");
      graph.addVertex(
          layer + "-kept",
          new ElementWiseVertex(ElementWiseVertex.Op.Product),
          layer,
          layer + "-mask");
      return layer + "-kept";
    }
  }

  /**
   * Multi-head attention over the two tokens image and text; what they take from each other,
   * averaged over both, is a learned change of their sum.
   *
   * <p>Each modality has its own projections to queries, keys and values, whose biases are its
   * token type. The result is {@code v + t + W [sum_u attention(u) value(u)] + b}, at unit length.
   *
   * <p>Source: Vaswani et al., "Attention Is All You Need" (arXiv:1706.03762); as a head for
   * composed retrieval compared in Baldrati et al., "Composed Image Retrieval using Contrastive
   * Learning and Task-oriented CLIP-based Features", ACM TOMM 2023 (arXiv:2308.11485).
   *
   * @param dimension embedding width D
   * @param heads heads n, dividing D
   */
  record Attention(int dimension, int heads) implements Trainable {
    public Attention {
      requirePositive(dimension, "dimension");
      requirePositive(heads, "heads");
      if (dimension % heads != 0) {
        throw new IllegalArgumentException(
            heads + " attention heads do not divide the embedding width " + dimension);
      }
    }

    @Override
    public HeadKind kind() {
      return HeadKind.ATTENTION;
    }

    @Override
    public double dropout() {
      return 0;
    }

    @Override
    public List<Integer> dropoutWidths() {
      return List.of();
    }

    @Override
    public long parameterCount() {
      return 7 * (dimension + 1L) * dimension;
    }

    @Override
    public ComputationGraphConfiguration graph(DataType type) {
      GraphBuilder graph = builder(type).addInputs(IMAGE, TEXT);
      for (String token : List.of(IMAGE, TEXT)) {
        for (String role : List.of("query", "key", "value")) {
          graph.addLayer(
              token + "-" + role, dense(dimension, dimension, Activation.IDENTITY), token);
        }
      }
      return graph
          .addVertex(
              "attention",
              new AttentionGate(heads),
              "image-query",
              "text-query",
              "image-key",
              "text-key")
          .addVertex("attended", new Blend(), "attention", "image-value", "text-value")
          .addLayer("residual", dense(dimension, dimension, Activation.IDENTITY), "attended")
          .addVertex(
              "sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "residual", IMAGE, TEXT)
          .addVertex("query", new L2NormalizeVertex(), "sum")
          .setOutputs("query")
          .build();
    }
  }

  /**
   * TIRG: the image through a gate, and a residual, each a layer with ReLU and a layer behind it on
   * both vectors: {@code h = sigmoid(G2 relu(G1 [v; t])) * v + R2 relu(R1 [v; t])}.
   *
   * <p>Source: Vo et al., "Composing Text and Image for Image Retrieval - An Empirical Odyssey",
   * CVPR 2019 (arXiv:1812.07119), section 3.2. There each term has a learned weight; the result is
   * of unit length, so only their ratio would count, and R2 has it. Its batch normalisation is left
   * out: a row would depend on the rows it is computed with.
   *
   * @param dimension embedding width D
   * @param hidden width of the layers with ReLU
   */
  record Tirg(int dimension, int hidden) implements Trainable {
    public Tirg {
      requirePositive(dimension, "dimension");
      requirePositive(hidden, "hidden");
    }

    @Override
    public HeadKind kind() {
      return HeadKind.TIRG;
    }

    @Override
    public double dropout() {
      return 0;
    }

    @Override
    public List<Integer> dropoutWidths() {
      return List.of();
    }

    @Override
    public long parameterCount() {
      return 2 * ((2L * dimension + 1) * hidden + (hidden + 1L) * dimension);
    }

    @Override
    public ComputationGraphConfiguration graph(DataType type) {
      return builder(type)
          .addInputs(IMAGE, TEXT)
          .addVertex("both", new MergeVertex(), IMAGE, TEXT)
          .addVertex("scaled", new ScaleVertex(Math.sqrt(dimension)), "both")
          .addLayer("gate-hidden", dense(2 * dimension, hidden, Activation.RELU), "scaled")
          .addLayer("gate", dense(hidden, dimension, Activation.SIGMOID), "gate-hidden")
          .addLayer("residual-hidden", dense(2 * dimension, hidden, Activation.RELU), "both")
          .addLayer("residual", dense(hidden, dimension, Activation.IDENTITY), "residual-hidden")
          .addVertex("gated", new ElementWiseVertex(ElementWiseVertex.Op.Product), "gate", IMAGE)
          .addVertex("sum", new ElementWiseVertex(ElementWiseVertex.Op.Add), "residual", "gated")
          .addVertex("query", new L2NormalizeVertex(), "sum")
          .setOutputs("query")
          .build();
    }
  }

  private static GraphBuilder builder(DataType type) {
    return new NeuralNetConfiguration.Builder()
        .dataType(type)
        .updater(new NoOp())
        .weightInit(WeightInit.ZERO)
        .trainingWorkspaceMode(WorkspaceMode.NONE)
        .inferenceWorkspaceMode(WorkspaceMode.NONE)
        .graphBuilder();
  }

  private static DenseLayer dense(int inputs, int outputs, Activation activation) {
    return new DenseLayer.Builder().nIn(inputs).nOut(outputs).activation(activation).build();
  }

  private static void requirePositive(int value, String name) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, got " + value);
    }
  }
}
