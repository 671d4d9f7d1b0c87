package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtException;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FirstRunTest {
  @Test
  void saysWhichProviderRanTheOperators() {
    try (OnnxGraph graph =
        new OnnxGraph(
            "a place",
            TinyModels.golden("clip/onnx/vision_model.onnx"),
            ModelOptions.Device.CPU,
            1)) {
      ImageProcessor.Size size = new ImageProcessor.Size(32, 32);
      OnnxTower tower =
          new OnnxTower(
              "a place",
              graph,
              OnnxTower.PIXELS,
              List.of("image_embeds"),
              ModelOptions.Pooling.MODEL);

      tower.pictures(new float[2 * 3 * 32 * 32], 2, size);

      Map<String, Integer> operators = graph.checkFirstRun();
      assertThat(operators).containsOnlyKeys("CPUExecutionProvider");
      assertThat(operators.get("CPUExecutionProvider")).isGreaterThan(20);
      assertThat(tower.pictures(new float[2 * 3 * 32 * 32], 2, size)).hasDimensions(2, 24);
    }
  }

  @Test
  void aGpuThatRanNothingIsAnError() {
    Map<String, Integer> operators = Map.of("CPUExecutionProvider", 120);

    assertThatThrownBy(() -> FirstRun.require(operators, "vision_model.onnx", true))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.RESOURCE_MISSING))
        .hasMessageContaining(
            "ONNX Runtime was given CUDAExecutionProvider for vision_model.onnx and ran its"
                + " operators by {CPUExecutionProvider=120}")
        .hasMessageContaining("set encode.device to cpu");
  }

  @Test
  void someOperatorsOnTheProcessorAreRight() {
    FirstRun.require(
        Map.of("CPUExecutionProvider", 12, "CUDAExecutionProvider", 108), "a graph", true);
  }

  @Test
  void autoFallsBackToTheProcessorAndSaysWhy() throws Exception {
    List<Boolean> tried = new ArrayList<>();
    List<String> said = new ArrayList<>();

    OnnxGraph.Started started =
        OnnxGraph.started(
            "vision_model.onnx",
            ModelOptions.Device.AUTO,
            true,
            gpu -> withoutGpu(gpu, tried),
            said::add);

    assertThat(tried).containsExactly(true, false);
    assertThat(started.onGpu()).isFalse();
    assertThat(said)
        .containsExactly(
            "encode.device is auto, and no GPU can be used for vision_model.onnx: ONNX Runtime says"
                + " no CUDA-capable device is detected. Computing on the processor.");
  }

  @Test
  void aGpuThatIsAskedForIsNeverReplaced() {
    List<Boolean> tried = new ArrayList<>();
    List<String> said = new ArrayList<>();

    assertThatThrownBy(
            () ->
                OnnxGraph.started(
                    "vision_model.onnx",
                    ModelOptions.Device.CUDA,
                    true,
                    gpu -> withoutGpu(gpu, tried),
                    said::add))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.RESOURCE_MISSING))
        .hasMessageContaining(
            "Cannot encode with encode.device=cuda: ONNX Runtime says no CUDA-capable device is"
                + " detected for vision_model.onnx")
        .hasMessageContaining("set encode.device to auto or cpu");

    assertThat(tried).containsExactly(true);
    assertThat(said).isEmpty();
  }

  /** What a build with CUDA does on a machine without a GPU. */
  private static OnnxGraph.Started withoutGpu(boolean gpu, List<Boolean> tried)
      throws OrtException {
    tried.add(gpu);
    if (gpu) {
      throw new OrtException("no CUDA-capable device is detected");
    }
    return new OnnxGraph.Started(null, null, false);
  }
}
