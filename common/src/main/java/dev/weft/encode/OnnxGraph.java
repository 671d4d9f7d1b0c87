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
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One graph in ONNX Runtime: a session, and what its inputs and outputs are.
 *
 * <p>Safe for concurrent use until closed.
 */
final class OnnxGraph implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(OnnxGraph.class);

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
    try {
      Started started =
          started(name(), device, onGpu(device), gpu -> start(threads, gpu), LOG::warn);
      this.session = started.session();
      this.firstRun = started.firstRun();
      this.onGpu = started.onGpu();
      this.inputs = tensors(session.getInputInfo());
      this.outputs = tensors(session.getOutputInfo());
      this.mixesRows = Quantization.mixesRows(file);
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

  /** A session, watched from its creation. */
  record Started(OrtSession session, FirstRun firstRun, boolean onGpu) {}

  /** Starts a session on the GPU or on the processor. */
  interface Starter {
    Started start(boolean onGpu) throws OrtException, IOException;
  }

  /**
   * Starts where the device says. The providers for CUDA can be there and no GPU, or not the
   * libraries that they need: then {@code auto} computes on the processor, and the log says why.
   *
   * @param graph its name, for messages
   * @param onGpu whether to begin with the GPU
   * @param warn takes what the log says
   */
  static Started started(
      String graph,
      ModelOptions.Device device,
      boolean onGpu,
      Starter starter,
      Consumer<String> warn)
      throws OrtException, IOException {
    try {
      return starter.start(onGpu);
    } catch (OrtException e) {
      if (!onGpu) {
        throw e;
      }
      if (device == ModelOptions.Device.CUDA) {
        throw new WeftException(
            e,
            ExitCode.RESOURCE_MISSING,
            "Cannot encode with encode.device=cuda: ONNX Runtime says %s for %s. Check the driver and"
                + " CUDA's libraries on this machine (scripts/weft doctor), or set encode.device to auto"
                + " or cpu.",
            e.getMessage(),
            graph);
      }
      warn.accept(
          String.format(
              Locale.ROOT,
              "encode.device is auto, and no GPU can be used for %s: ONNX Runtime says %s. Computing"
                  + " on the processor.",
              graph,
              e.getMessage()));
      return starter.start(false);
    }
  }

  private Started start(int threads, boolean gpu) throws OrtException, IOException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(threads);
      options.setInterOpNumThreads(1);
      if (gpu) {
        options.addCUDA();
      }
      FirstRun watch = new FirstRun(options);
      try {
        return new Started(environment.createSession(file.toString(), options), watch, gpu);
      } catch (OrtException | RuntimeException e) {
        watch.discard();
        throw e;
      }
    }
  }

  /** Whether ONNX Runtime is to use a GPU: never silently another device than was asked for. */
  static boolean onGpu(ModelOptions.Device device) {
    boolean can = OrtEnvironment.getAvailableProviders().contains(OrtProvider.CUDA);
    if (device == ModelOptions.Device.CUDA && !can) {
      throw new WeftException(
          ExitCode.RESOURCE_MISSING,
          "Cannot encode with encode.device=cuda: this ONNX Runtime has only the providers %s. Build"
              + " Weft with WEFT_PROFILES=onnx-cuda (docs/gpu.md), or set encode.device to auto or cpu.",
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
