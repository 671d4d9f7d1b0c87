package dev.weft.encode;

import ai.onnxruntime.TensorInfo;
import com.google.errorprone.annotations.FormatMethod;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * One tower of a model: which inputs of its graph take what, and which output is the vector, found
 * by looking at the graph.
 *
 * <p>A graph that holds both towers needs the inputs of both: the other gets the smallest that
 * works, one picture of zeros or one token.
 */
final class OnnxTower {
  static final String PIXELS = "pixel_values";
  static final String IDS = "input_ids";
  private static final String MASK = "attention_mask";
  private static final String TYPES = "token_type_ids";
  private static final String POSITIONS = "position_ids";
  private static final Set<String> KNOWN = Set.of(PIXELS, IDS, MASK, TYPES, POSITIONS);
  private static final String STATES = "last_hidden_state";
  private static final int PICTURE_RANK = 4;

  private final String place;
  private final OnnxGraph graph;
  private final ModelOptions.Pooling pooling;
  private final String output;

  /**
   * @param place of the model, for messages
   * @param input what this tower is of, {@link #PIXELS} or {@link #IDS}
   * @param pooled names of outputs that are the vector, the best first
   * @param pooling what to do where there is none but the states of the tokens
   */
  OnnxTower(
      String place,
      OnnxGraph graph,
      String input,
      List<String> pooled,
      ModelOptions.Pooling pooling) {
    this.place = place;
    this.graph = graph;
    this.pooling = pooling;
    if (!graph.inputs().containsKey(input) || !KNOWN.containsAll(graph.inputs().keySet())) {
      throw unfit(
          "its inputs are %s; needed is %s, and beside it are known %s",
          shown(graph.inputs()), input, new TreeSet<>(KNOWN));
    }
    this.output = output(pooled);
  }

  private String output(List<String> pooled) {
    boolean states = graph.outputs().containsKey(STATES);
    if (pooling != ModelOptions.Pooling.MODEL && states) {
      return STATES;
    }
    Optional<String> best = pooled.stream().filter(graph.outputs()::containsKey).findFirst();
    if (best.isPresent()) {
      return best.get();
    }
    if (states) {
      throw unfit(
          "its outputs are %s, one state per token, and none of %s. Say how the states become one"
              + " vector, as the model was trained: set encode.pooling to first, mean or last",
          shown(graph.outputs()), pooled);
    }
    throw unfit("its outputs are %s; needed is one of %s", shown(graph.outputs()), pooled);
  }

  /** Names with shapes, such as {@code pixel_values [batch, 3, 224, 224]}. */
  private static Map<String, String> shown(Map<String, TensorInfo> tensors) {
    Map<String, String> shapes = new TreeMap<>();
    tensors.forEach((name, tensor) -> shapes.put(name, Arrays.toString(tensor.getShape())));
    return shapes;
  }

  @FormatMethod
  private WeftException unfit(String what, Object... arguments) {
    return new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot use %s of the model in %s: %s. Export the model again, or see docs/encoders.md.",
        graph.name(),
        place,
        String.format(Locale.ROOT, what, arguments));
  }

  /** Whether rows are run alone. */
  boolean mixesRows() {
    return graph.mixesRows();
  }

  /** The length of texts, where the graph takes one only. */
  OptionalInt length() {
    TensorInfo ids = graph.inputs().get(IDS);
    return ids != null && ids.getShape()[1] > 0
        ? OptionalInt.of((int) ids.getShape()[1])
        : OptionalInt.empty();
  }

  /** Height and width of pictures must be what the graph takes, where it says so. */
  void requireSize(ImageProcessor.Size size) {
    long[] shape = graph.inputs().get(PIXELS).getShape();
    if (shape.length != PICTURE_RANK
        || (shape[2] > 0 && shape[2] != size.height())
        || (shape[3] > 0 && shape[3] != size.width())) {
      throw unfit(
          "it takes pixel_values %s, and preprocessor_config.json makes pictures of %d x %d pixels",
          Arrays.toString(shape), size.height(), size.width());
    }
  }

  /**
   * The vectors of pictures.
   *
   * @param pixels {@code [n, 3, H, W]}
   * @return one unit vector per picture
   */
  float[][] pictures(float[] pixels, int n, ImageProcessor.Size size) {
    try (OnnxFeeds feeds = new OnnxFeeds(graph)) {
      feeds.put(PIXELS, pixels, n, 3, size.height(), size.width());
      if (graph.inputs().containsKey(IDS)) {
        int other = sameBatch() ? n : 1;
        int length = length().orElse(1);
        texts(
            feeds, new long[other * length], ones(other * length), new long[other * length], other);
      }
      return pooled(feeds.run(output), n, new long[0]);
    }
  }

  /**
   * The vectors of texts of one length.
   *
   * @param tokens of n texts, one after the other
   * @param size of a picture, for a graph that wants one too
   * @return one unit vector per text
   */
  float[][] texts(List<TextTokenizer.Tokens> tokens, Optional<ImageProcessor.Size> size) {
    int n = tokens.size();
    try (OnnxFeeds feeds = new OnnxFeeds(graph)) {
      long[] mask = joined(tokens.stream().map(TextTokenizer.Tokens::mask).toList());
      texts(
          feeds,
          joined(tokens.stream().map(TextTokenizer.Tokens::ids).toList()),
          mask,
          joined(tokens.stream().map(TextTokenizer.Tokens::types).toList()),
          n);
      if (graph.inputs().containsKey(PIXELS)) {
        int other = sameBatch() ? n : 1;
        ImageProcessor.Size zeros = size.orElseThrow();
        feeds.put(
            PIXELS,
            new float[other * 3 * zeros.height() * zeros.width()],
            other,
            3,
            zeros.height(),
            zeros.width());
      }
      return pooled(feeds.run(output), n, mask);
    }
  }

  private void texts(OnnxFeeds feeds, long[] ids, long[] mask, long[] types, int n) {
    long length = ids.length / n;
    feeds.put(IDS, ids, n, length);
    if (graph.inputs().containsKey(MASK)) {
      feeds.put(MASK, mask, n, length);
    }
    if (graph.inputs().containsKey(TYPES)) {
      feeds.put(TYPES, types, n, length);
    }
    if (graph.inputs().containsKey(POSITIONS)) {
      long[] positions = new long[ids.length];
      Arrays.setAll(positions, i -> i % length);
      feeds.put(POSITIONS, positions, n, length);
    }
  }

  /** Whether a graph of both towers has one name for the number of pictures and of texts. */
  private boolean sameBatch() {
    String[] pictures = graph.inputs().get(PIXELS).getDimensionNames();
    String[] texts = graph.inputs().get(IDS).getDimensionNames();
    return !pictures[0].isEmpty() && pictures[0].equals(texts[0]);
  }

  private static long[] ones(int count) {
    long[] ones = new long[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static long[] joined(List<long[]> parts) {
    return parts.stream().flatMapToLong(Arrays::stream).toArray();
  }

  private float[][] pooled(OnnxGraph.Output result, int n, long[] mask) {
    long[] shape = result.shape();
    boolean states = output.equals(STATES);
    if (shape.length != (states ? 3 : 2) || shape[0] != n) {
      throw unfit(
          "its output %s has the shape %s for %d rows; needed is one vector per row%s",
          output, Arrays.toString(shape), n, states ? " and token" : "");
    }
    int tokens = states ? (int) shape[1] : 1;
    int width = (int) shape[shape.length - 1];
    float[][] vectors = new float[n][];
    for (int row = 0; row < n; row++) {
      int from = row * tokens * width;
      vectors[row] =
          UnitVector.of(
              states
                  ? pool(result.values(), from, tokens, width, mask, row * tokens)
                  : Arrays.copyOfRange(result.values(), from, from + width));
    }
    return vectors;
  }

  /** An empty mask means that all tokens count: the patches of a picture. */
  private float[] pool(float[] values, int from, int tokens, int width, long[] mask, int maskFrom) {
    float[] vector = new float[width];
    int first = pooling == ModelOptions.Pooling.LAST ? last(tokens, mask, maskFrom) : 0;
    int end = pooling == ModelOptions.Pooling.MEAN ? tokens : first + 1;
    for (int token = first; token < end; token++) {
      if (mask.length == 0 || mask[maskFrom + token] == 1) {
        for (int i = 0; i < width; i++) {
          vector[i] += values[from + token * width + i];
        }
      }
    }
    return vector; // scaled to unit length, so the mean is the sum
  }

  private static int last(int tokens, long[] mask, int maskFrom) {
    int last = tokens - 1;
    while (mask.length > 0 && last > 0 && mask[maskFrom + last] == 0) {
      last--;
    }
    return last;
  }
}
