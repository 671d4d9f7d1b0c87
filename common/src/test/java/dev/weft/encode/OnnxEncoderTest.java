package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.RgbImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.apache.commons.io.FileUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OnnxEncoderTest {
  @TempDir private Path folder;

  private static List<RgbImage> pictures(int count) {
    Random random = new Random(1);
    List<RgbImage> pictures = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] rgb = new byte[3 * 40 * (20 + i)];
      random.nextBytes(rgb);
      pictures.add(new RgbImage(40, 20 + i, rgb));
    }
    return pictures;
  }

  private Path copy(String model) throws IOException {
    FileUtils.copyDirectory(TinyModels.golden(model).toFile(), folder.toFile());
    return folder;
  }

  private static void replace(Path file, String from, String to) throws IOException {
    String text = Files.readString(file);
    assertThat(text).contains(from);
    Files.writeString(file, text.replace(from, to));
  }

  private static ModelOptions options(
      String variant, ModelOptions.Pad pad, double ratio, ModelOptions.Pooling pooling) {
    return new ModelOptions(
        variant, pad, ratio, ModelOptions.JpegScale.FULL, pooling, ModelOptions.Device.CPU);
  }

  private void refused(ModelOptions options, String... parts) {
    assertThatThrownBy(() -> TinyModels.open(folder, options))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageContainingAll(parts);
  }

  @Test
  void bothTowersInOneGraphGiveWhatTwoGraphsGive() {
    List<String> texts = List.of("red", "a blue dress with long sleeves", "");
    try (OnnxEncoder two = TinyModels.open("clip");
        OnnxEncoder one = TinyModels.open("clip-joint")) {
      assertThat(one.dimension()).isEqualTo(two.dimension()).isEqualTo(24);
      for (int i = 0; i < 3; i++) {
        assertThat(one.texts(texts)[i]).containsExactly(two.texts(texts)[i], within());
        assertThat(one.images(pictures(3))[i])
            .containsExactly(two.images(pictures(3))[i], within());
      }
    }
  }

  @Test
  void readingDraftsIsAnotherEncoder() {
    ModelOptions plain = TinyModels.PLAIN;
    ModelOptions draft =
        new ModelOptions(
            plain.variant(),
            plain.pad(),
            plain.padRatio(),
            ModelOptions.JpegScale.DRAFT,
            plain.pooling(),
            plain.device());
    try (OnnxEncoder whole = TinyModels.open("clip");
        OnnxEncoder reduced = TinyModels.open(TinyModels.golden("clip"), draft)) {
      assertThat(whole.draftSide()).isEmpty();
      assertThat(reduced.draftSide()).hasValue(32); // the shortest_edge of its preprocessor
      assertThat(reduced.fingerprint()).isNotEqualTo(whole.fingerprint());
    }
  }

  private static org.assertj.core.data.Offset<Float> within() {
    return org.assertj.core.data.Offset.offset(1e-5f);
  }

  @Test
  void aVectorDoesNotDependOnItsCompany() {
    List<RgbImage> pictures = pictures(35);
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 70; i++) {
      texts.add("red " + "blue ".repeat(i % 7) + i);
    }
    for (String model : List.of("clip", "siglip", "clip-joint")) {
      try (OnnxEncoder encoder = TinyModels.open(model)) {
        float[][] images = encoder.images(pictures);
        float[][] words = encoder.texts(texts);
        for (int i = 0; i < images.length; i += 5) {
          assertThat(encoder.images(pictures.subList(i, i + 1))[0]).isEqualTo(images[i]);
        }
        for (int i = 0; i < words.length; i += 3) {
          assertThat(encoder.texts(texts.subList(i, i + 1))[0]).isEqualTo(words[i]);
        }
      }
    }
  }

  /** A tower of the tiny CLIP with other weights, see scripts/golden/variants.py. */
  private OnnxEncoder variant(String tower, String name) throws IOException {
    Path copy = copy("clip");
    String file = tower + "_" + name + ".onnx";
    Files.copy(TinyModels.golden("clip-variants/" + file), copy.resolve("onnx/" + file));
    return TinyModels.open(
        copy, options(name, ModelOptions.Pad.NONE, 1, ModelOptions.Pooling.MODEL));
  }

  private static void assertNear(float[][] vectors, float[][] exact, double cosine) {
    for (int row = 0; row < exact.length; row++) {
      double product = 0;
      for (int i = 0; i < exact[row].length; i++) {
        product += (double) vectors[row][i] * exact[row][i];
      }
      assertThat(product).as("cosine of row %d", row).isBetween(cosine, 1 + 1e-6);
    }
  }

  @Test
  void float16WeightsGiveNearlyTheSameVectors() throws IOException {
    try (OnnxEncoder exact = TinyModels.open("clip");
        OnnxEncoder half = variant("vision_model", "fp16")) {
      assertNear(half.images(pictures(5)), exact.images(pictures(5)), 0.999);
      assertThat(half.fingerprint()).isNotEqualTo(exact.fingerprint());
      assertThatThrownBy(() -> half.texts(List.of("red")))
          .hasMessageContaining("it has no text tower");
    }
  }

  @Test
  void eightBitWeightsGiveVectorsThatDependOnNoCompany() throws IOException {
    List<String> texts = List.of("red", "a blue dress with long sleeves", "a red dress", "");
    try (OnnxEncoder exact = TinyModels.open("clip");
        OnnxEncoder quantized = variant("text_model", "quantized")) {
      float[][] words = quantized.texts(texts);
      assertNear(words, exact.texts(texts), 0.9);
      for (int i = 0; i < words.length; i++) {
        assertThat(quantized.texts(texts.subList(i, i + 1))[0]).isEqualTo(words[i]);
      }
    }
  }

  @Test
  void overlongTextsAreCounted() {
    try (OnnxEncoder encoder = TinyModels.open("clip")) {
      List<String> some = List.of("red", "red ".repeat(300), "é ".repeat(90), "");
      assertThat(encoder.textsAndCuts(some).cut()).containsExactly(false, true, true, false);
    }
  }

  @Test
  void theFingerprintIsOfAllThatDecidesAVector() throws IOException {
    Path copy = copy("clip");
    List<String> fingerprints = new ArrayList<>();
    fingerprints.add(fingerprint(copy, TinyModels.PLAIN));
    assertThat(fingerprint(copy, TinyModels.PLAIN)).isEqualTo(fingerprints.get(0));
    try (OnnxEncoder opened = TinyModels.open(copy, TinyModels.PLAIN)) {
      assertThat(opened.fingerprint()).isEqualTo(fingerprints.get(0)).hasSize(64);
    }
    ModelOptions.Pooling model = ModelOptions.Pooling.MODEL;
    fingerprints.add(fingerprint(copy, options("fp32", ModelOptions.Pad.TARGET, 1.25, model)));
    fingerprints.add(fingerprint(copy, options("fp32", ModelOptions.Pad.TARGET, 1.5, model)));
    fingerprints.add(fingerprint(copy, options("fp32", ModelOptions.Pad.SQUARE, 1.5, model)));
    fingerprints.add(
        fingerprint(copy, options("fp32", ModelOptions.Pad.NONE, 1, ModelOptions.Pooling.FIRST)));
    replace(copy.resolve("preprocessor_config.json"), "\"resample\": 3", "\"resample\": 2");
    fingerprints.add(fingerprint(copy, TinyModels.PLAIN));
    Files.writeString(copy.resolve("onnx/text_model.onnx"), "other weights");
    fingerprints.add(fingerprint(copy, TinyModels.PLAIN));

    assertThat(fingerprints).doesNotHaveDuplicates();
  }

  @Test
  void theVersionOfTheRuntimeCountsForQuantizedModelsAlone() throws IOException {
    Path copy = copy("clip");
    assertThat(fingerprint(copy, "1.22.0")).isEqualTo(fingerprint(copy, "1.23.0"));

    Files.copy(
        TinyModels.golden("clip-variants/text_model_quantized.onnx"),
        copy.resolve("onnx/text_model.onnx"),
        StandardCopyOption.REPLACE_EXISTING);

    assertThat(fingerprint(copy, "1.22.0")).isNotEqualTo(fingerprint(copy, "1.23.0"));
    String here = OrtEnvironment.getEnvironment().getVersion();
    assertThat(here).matches("\\d+\\.\\d+\\.\\d+");
    try (OnnxEncoder opened = TinyModels.open(copy, TinyModels.PLAIN)) {
      assertThat(opened.fingerprint()).isEqualTo(fingerprint(copy, here));
    }
  }

  private static String fingerprint(Path folder, String runtime) throws IOException {
    ModelFiles files =
        ModelFiles.of(new org.apache.hadoop.conf.Configuration(), folder.toString(), "fp32");
    return OnnxEncoder.fingerprint(files, folder, TinyModels.PLAIN, () -> runtime);
  }

  private static String fingerprint(Path folder, ModelOptions options) throws IOException {
    ModelFiles files =
        ModelFiles.of(
            new org.apache.hadoop.conf.Configuration(), folder.toString(), options.variant());
    return OnnxEncoder.fingerprint(files, folder, options);
  }

  @Test
  void weightsAreChosenByTheNameOfTheVariant() throws IOException {
    Path copy = copy("clip");
    for (String tower : List.of("vision_model", "text_model")) {
      Files.move(
          copy.resolve("onnx/" + tower + ".onnx"), copy.resolve("onnx/" + tower + "_fp16.onnx"));
    }

    refused(
        TinyModels.PLAIN,
        "Cannot use the model in",
        "encode.variant=fp32",
        "found [onnx/text_model_fp16.onnx, onnx/vision_model_fp16.onnx]",
        "Set encode.variant to one of [fp16]");
    ModelOptions chosen = options("fp16", ModelOptions.Pad.NONE, 1, ModelOptions.Pooling.MODEL);
    try (OnnxEncoder encoder = TinyModels.open(copy, chosen)) {
      assertThat(encoder.dimension()).isEqualTo(24);
    }
  }

  @Test
  void aFolderWithoutAModelIsRefused() {
    refused(TinyModels.PLAIN, "found no .onnx file", "Export it to ONNX");
  }

  @Test
  void aMissingTokenizerIsNamed() throws IOException {
    Files.delete(copy("clip").resolve("tokenizer.json"));

    refused(TinyModels.PLAIN, "a text tower needs tokenizer.json beside it");
  }

  @Test
  void aTowerAloneEncodesItsKindOnly() throws IOException {
    Files.delete(copy("clip").resolve("onnx/vision_model.onnx"));
    try (OnnxEncoder encoder = TinyModels.open(folder, TinyModels.PLAIN)) {
      assertThat(encoder.texts(List.of("red"))[0]).hasSize(24);
      assertThatThrownBy(() -> encoder.images(pictures(1)))
          .isInstanceOf(WeftException.class)
          .hasMessageContaining("Cannot encode images with the model in")
          .hasMessageContaining("it has no image tower")
          .hasMessageContaining("vision_model.onnx");
    }
  }

  @Test
  void towersOfTwoWidthsAreNoDualEncoder() throws IOException {
    Path copy = copy("clip");
    FileUtils.copyFile(
        TinyModels.golden("siglip/onnx/vision_model.onnx").toFile(),
        copy.resolve("onnx/vision_model.onnx").toFile());

    refused(
        TinyModels.PLAIN,
        "its image vectors have 16 numbers and its text vectors 24",
        "CLIPVisionModelWithProjection");
  }

  @Test
  void aGraphOfAnotherKindIsRefusedWithTheNamesFound() throws IOException {
    Path copy = copy("clip");
    FileUtils.copyFile(
        copy.resolve("onnx/text_model.onnx").toFile(),
        copy.resolve("onnx/vision_model.onnx").toFile());

    refused(
        TinyModels.PLAIN,
        "Cannot use vision_model.onnx of the model in",
        "its inputs are {input_ids=[-1, -1]}; needed is pixel_values");
  }

  @Test
  void picturesOfAnotherSizeThanTheGraphTakesAreRefused() throws IOException {
    replace(
        copy("clip").resolve("preprocessor_config.json"),
        "\"crop_size\": {\n  \"height\": 32",
        "\"crop_size\": {\n  \"height\": 24");

    refused(TinyModels.PLAIN, "pictures of 24 x 32 pixels", "takes pixel_values [-1, 3, 32, 32]");
  }

  @Test
  void statesOfTokensArePooledAsStated() throws IOException {
    Path copy = copy("clip");
    List<float[]> vectors = new ArrayList<>();
    for (ModelOptions.Pooling pooling : ModelOptions.Pooling.values()) {
      // The states of CLIP's tiny towers are 16 wide, its embeddings 24.
      try (OnnxEncoder encoder =
          TinyModels.open(copy, options("fp32", ModelOptions.Pad.NONE, 1, pooling))) {
        assertThat(encoder.dimension()).isEqualTo(pooling == ModelOptions.Pooling.MODEL ? 24 : 16);
        vectors.add(encoder.texts(List.of("a red dress"))[0]);
      }
    }
    assertThat(vectors).doesNotHaveDuplicates();
  }

  /** One state per token, and no vector of the text. */
  private void onlyStates() throws IOException {
    Path onnx = copy("clip").resolve("onnx");
    Files.delete(onnx.resolve("vision_model.onnx"));
    Files.copy(
        TinyModels.golden("clip-variants/text_model_states.onnx"),
        onnx.resolve("text_model.onnx"),
        StandardCopyOption.REPLACE_EXISTING);
  }

  @Test
  void aGraphOfStatesIsRefusedUnlessPoolingIsStated() throws IOException {
    onlyStates();

    refused(
        TinyModels.PLAIN,
        "its outputs are {last_hidden_state=[-1, -1, 3]}, one state per token, and none of",
        "text_embeds",
        "set encode.pooling to first, mean or last");
  }

  @Test
  void poolingTakesTheFirstTheMeanOrTheLastState() throws IOException {
    onlyStates();
    String text = "a red dress";
    long[] ids;
    try (TextTokenizer tokenizer =
        new TextTokenizer(
            Files.readAllBytes(folder.resolve("tokenizer.json")), new TextRules(77, false, 0))) {
      ids = tokenizer.encode(text).ids();
    }
    float[] sum = new float[3];
    for (long id : ids) {
      float[] state = state(id);
      for (int i = 0; i < sum.length; i++) {
        sum[i] += state[i];
      }
    }

    assertThat(ids).hasSizeGreaterThan(3);
    assertThat(pooled(ModelOptions.Pooling.FIRST, text)).isEqualTo(UnitVector.of(state(ids[0])));
    assertThat(pooled(ModelOptions.Pooling.LAST, text))
        .isEqualTo(UnitVector.of(state(ids[ids.length - 1])));
    assertThat(pooled(ModelOptions.Pooling.MEAN, text)).isEqualTo(UnitVector.of(sum));
  }

  /** As {@code scripts/golden/variants.py} made them. */
  private static float[] state(long id) {
    return new float[] {id % 7 + 1, id % 5, id % 3};
  }

  private float[] pooled(ModelOptions.Pooling pooling, String text) {
    try (OnnxEncoder encoder =
        TinyModels.open(folder, options("fp32", ModelOptions.Pad.NONE, 1, pooling))) {
      return encoder.texts(List.of(text))[0];
    }
  }

  @Test
  void anUnknownResampleIsNamed() throws IOException {
    replace(copy("clip").resolve("preprocessor_config.json"), "\"resample\": 3", "\"resample\": 0");

    refused(TinyModels.PLAIN, "resample of its preprocessor_config.json is 0", "3 (bicubic)");
  }

  @Test
  void aTokenizerWithoutALimitIsRefused() throws IOException {
    Path copy = copy("clip");
    Files.delete(copy.resolve("tokenizer_config.json"));
    Files.writeString(copy.resolve("config.json"), "{}");

    refused(TinyModels.PLAIN, "no file says how many tokens a text may have", "model_max_length");
  }

  @Test
  void aBrokenGraphSaysWhatTheRuntimeSays() throws IOException {
    Files.write(
        copy("clip").resolve("onnx/text_model.onnx"), "no graph".getBytes(StandardCharsets.UTF_8));

    assertThatThrownBy(() -> TinyModels.open(folder, TinyModels.PLAIN))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.RESOURCE_MISSING))
        .hasMessageContaining("Cannot load text_model.onnx of the model in")
        .hasMessageContaining("ONNX Runtime says");
  }

  @Test
  void aGpuThatIsAskedForAndAbsentIsAnError() {
    ModelOptions cuda =
        new ModelOptions(
            "fp32",
            ModelOptions.Pad.NONE,
            1,
            ModelOptions.JpegScale.FULL,
            ModelOptions.Pooling.MODEL,
            ModelOptions.Device.CUDA);
    org.junit.jupiter.api.Assumptions.assumeFalse(
        OnnxGraph.onGpu(ModelOptions.Device.AUTO), "this ONNX Runtime has CUDA");

    assertThatThrownBy(() -> TinyModels.open(TinyModels.golden("clip"), cuda))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.RESOURCE_MISSING))
        .hasMessageContaining("encode.device=cuda")
        .hasMessageContaining("CPU");
  }
}
