package dev.weft.encode;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtProvider;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * One graph in ONNX Runtime: a session, and what its inputs and outputs are.
 *
 * <p>Safe for concurrent use until closed.
 */
final class OnnxGraph implements AutoCloseable {
  /** An operator that quantises by the range of its whole input, so rows of a batch mix. */
  private static final byte[] MIXES_ROWS =
      "DynamicQuantizeLinear".getBytes(StandardCharsets.US_ASCII);

  private final Path file;
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;
  private final boolean onGpu;
  private final FirstRun firstRun;
  private final Map<String, TensorInfo> inputs;
  private final Map<String, TensorInfo> outputs;
  private final boolean mixesRows;

  /** A result of a run. */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  record Output(float[] values, long[] shape) {}

  /**
   * Loads a graph.
   *
   * @param place of the model, for messages
   * @param device where it runs
   * @param threads that one run uses, at least 1
   */
  OnnxGraph(String place, Path file, ModelOptions.Device device, int threads) {
    this.file = file;
    this.onGpu = onGpu(device);
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      if (onGpu) {
        options.addCUDA();
      }
      this.firstRun = new FirstRun(options);
      this.session = session(file, options);
      this.inputs = tensors(session.getInputInfo());
      this.outputs = tensors(session.getOutputInfo());
      this.mixesRows = contains(file, MIXES_ROWS);
    } catch (OrtException | IOException | LinkageError e) {
      throw new WeftException(
          e,
          ExitCode.RESOURCE_MISSING,
          "Cannot load %s of the model in %s: ONNX Runtime says %s. Check that the export is complete"
              + " (tensors kept in a file of their own lie beside the graph), that there is memory"
              + " for it, and that java.io.tmpdir is writable and executable.",
          file.getFileName(),
          place,
          e.getMessage());
    }
  }

  private OrtSession session(Path graph, OrtSession.SessionOptions options) throws OrtException {
    try {
      return environment.createSession(graph.toString(), options);
    } catch (OrtException | RuntimeException e) {
      firstRun.discard();
      throw e;
    }
  }

  /** Whether ONNX Runtime is to use a GPU: never silently another device than was asked for. */
  static boolean onGpu(ModelOptions.Device device) {
    boolean can = OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA);
    if (device == ModelOptions.Device.CUDA && !can) {
      throw new WeftException(
          ExitCode.RESOURCE_MISSING,
          "Cannot encode with encode.device=cuda: this ONNX Runtime has only the providers %s. Build"
              + " Weft with the profile cuda, or set encode.device to auto or cpu.",
          OrtEnvironment.getAvailableProviders());
    }
    return can && device != ModelOptions.Device.CPU;
  }

  private static Map<String, TensorInfo> tensors(Map<String, NodeInfo> nodes) {
    Map<String, TensorInfo> tensors = new TreeMap<>();
    nodes.forEach(
        (name, node) -> {
          if (node.getInfo() instanceof TensorInfo tensor) {
            tensors.put(name, tensor);
          }
        });
    return tensors;
  }

  private static boolean contains(Path file, byte[] word) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      MappedByteBuffer bytes = channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size());
      int last = bytes.limit() - word.length;
      for (int at = 0; at <= last; at++) {
        int same = 0;
        while (same < word.length && bytes.get(at + same) == word[same]) {
          same++;
        }
        if (same == word.length) {
          return true;
        }
      }
      return false;
    }
  }

  /** Name to type and shape; -1 is a free dimension. */
  Map<String, TensorInfo> inputs() {
    return inputs;
  }

  /** Name to type and shape; -1 is a free dimension. */
  Map<String, TensorInfo> outputs() {
    return outputs;
  }

  /** Whether the result of a row depends on the rows beside it: then each is run alone. */
  boolean mixesRows() {
    return mixesRows;
  }

  OrtEnvironment environment() {
    return environment;
  }

  /** Name of the file, for messages. */
  String name() {
    return String.valueOf(file.getFileName());
  }

  /** Runs the graph for one of its outputs. */
  Output run(Map<String, OnnxTensor> feeds, String output) {
    try (OrtSession.Result result = session.run(feeds, Set.of(output))) {
      OnnxTensor tensor = (OnnxTensor) result.get(0);
      FloatBuffer buffer = tensor.getFloatBuffer(); // a copy, of float16 too
      float[] values = new float[buffer.remaining()];
      buffer.get(values);
      return new Output(values, tensor.getInfo().getShape());
    } catch (OrtException e) {
      throw new WeftException(
          e,
          ExitCode.BUG,
          "Cannot run %s for its output %s on %s: ONNX Runtime says %s. If the model runs elsewhere,"
              + " report it with the shapes of its inputs and outputs: %s, %s.",
          name(),
          output,
          feeds,
          e.getMessage(),
          inputs,
          outputs);
    }
  }

  /**
   * Says after the first run where it ran, and insists that it was where it was to be; once, before
   * the graph is shared.
   *
   * @return how many operators each provider of ONNX Runtime ran
   */
  Map<String, Integer> checkFirstRun() {
    try {
      return firstRun.end(session, name(), onGpu);
    } catch (OrtException | IOException e) {
      throw new WeftException(
          e,
          ExitCode.RESOURCE_MISSING,
          "Cannot tell where %s ran: ONNX Runtime's profile of its first run cannot be read (%s). Check"
              + " that java.io.tmpdir is writable.",
          name(),
          e.getMessage());
    }
  }

  @Override
  public void close() {
    try {
      session.close();
      firstRun.discard();
    } catch (OrtException e) {
      throw new IllegalStateException("cannot close " + file, e);
    }
  }
}
