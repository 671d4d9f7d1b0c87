package dev.weft.encode;

import ai.onnxruntime.OrtEnvironment;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.Picture;
import dev.weft.ingest.RgbImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * Any exported model of the CLIP family: CLIP, SigLIP and what was fine-tuned from them, run by
 * ONNX Runtime. {@code docs/encoders.md} says what a folder must hold.
 *
 * <p>Texts of different length never share a run, a single row is run beside a copy of itself, and
 * a model that quantises by the range of a whole batch sees one row at a time: so the vector of an
 * image or text does not depend on its company.
 *
 * <p>Sources: Radford et al., ICML 2021 (arXiv:2103.00020); Zhai et al., "Sigmoid Loss for Language
 * Image Pre-Training", ICCV 2023 (arXiv:2303.15343). Safe for concurrent use until closed.
 */
public final class OnnxEncoder implements DualEncoder {
  private static final int VERSION = 1;

  /** Rows of a run: enough for matrix products to be fast, few enough for their memory. */
  private static final int PICTURES_PER_RUN = 16;

  private static final int TEXTS_PER_RUN = 32;

  private static final List<String> IMAGE_VECTORS =
      List.of("image_embeds", "image_features", "image_embeddings", "pooler_output");
  private static final List<String> TEXT_VECTORS =
      List.of(
          "text_embeds", "text_features", "text_embeddings", "sentence_embedding", "pooler_output");

  private final String place;
  private final String fingerprint;
  private final Set<OnnxGraph> graphs;
  private final Optional<ImageProcessor> processor;
  private final Optional<OnnxTower> imageTower;
  private final Optional<OnnxTower> textTower;
  private final Optional<TextTokenizer> tokenizer;
  private final Optional<ImageProcessor.Size> size;
  private final ModelOptions.JpegScale jpegScale;
  private final int dimension;

  private OnnxEncoder(ModelFiles files, Path folder, ModelOptions options, int threads)
      throws IOException {
    this.place = files.place();
    this.jpegScale = options.jpegScale();
    this.fingerprint = fingerprint(files, folder, options);
    ModelLayout layout = files.layout(options.variant());
    Map<String, OnnxGraph> opened = new HashMap<>();
    try {
      for (Optional<String> graph : List.of(layout.image(), layout.text())) {
        graph.ifPresent(
            name ->
                opened.computeIfAbsent(
                    name,
                    file -> new OnnxGraph(place, folder.resolve(file), options.device(), threads)));
      }
      this.graphs = new HashSet<>(opened.values());
      this.imageTower =
          layout
              .image()
              .map(
                  graph ->
                      new OnnxTower(
                          place,
                          opened.get(graph),
                          OnnxTower.PIXELS,
                          IMAGE_VECTORS,
                          options.pooling()));
      this.textTower =
          layout
              .text()
              .map(
                  graph ->
                      new OnnxTower(
                          place,
                          opened.get(graph),
                          OnnxTower.IDS,
                          TEXT_VECTORS,
                          options.pooling()));
      this.processor = processor(place, folder, layout, options);
      this.size = processor.flatMap(ImageProcessor::size);
      this.size.ifPresent(expected -> imageTower.orElseThrow().requireSize(expected));
      this.tokenizer = textTower.isPresent() ? Optional.of(tokenizer(folder)) : Optional.empty();
      this.dimension = measure();
      this.graphs.forEach(OnnxGraph::checkFirstRun);
    } catch (IOException | RuntimeException e) {
      opened.values().forEach(OnnxGraph::close);
      throw e;
    }
  }

  /**
   * Opens a model.
   *
   * @param files what it consists of
   * @param folder where they are on this machine, see {@link ModelFiles#local}
   * @param threads that one run uses, at least 1
   */
  public static OnnxEncoder open(ModelFiles files, Path folder, ModelOptions options, int threads) {
    try {
      return new OnnxEncoder(files, folder, options, threads);
    } catch (IOException | LinkageError e) {
      throw new WeftException(
          e,
          ExitCode.RESOURCE_MISSING,
          "Cannot open the model in %s: %s. Its tokenizer.json must be one of the tokenizers library"
              + " of Hugging Face; the library needs glibc 2.34 or newer and a writable, executable"
              + " cache folder (DJL_CACHE_DIR).",
          files.place(),
          e);
    }
  }

  /**
   * What {@link #fingerprint} of the opened model would be, without loading it.
   *
   * @param folder where the files are on this machine
   */
  public static String fingerprint(ModelFiles files, Path folder, ModelOptions options)
      throws IOException {
    return fingerprint(files, folder, options, () -> OrtEnvironment.getEnvironment().getVersion());
  }

  /**
   * @param runtime gives the version of ONNX Runtime, on which the vectors of a quantised model
   *     depend
   */
  static String fingerprint(
      ModelFiles files, Path folder, ModelOptions options, Supplier<String> runtime)
      throws IOException {
    ModelLayout layout = files.layout(options.variant());
    String preprocessing =
        processor(files.place(), folder, layout, options)
            .map(ImageProcessor::fingerprint)
            .orElse("no images");
    String all =
        String.join(
            " ",
            "onnx",
            String.valueOf(VERSION),
            files.fingerprint(),
            preprocessing,
            options.pooling().name());
    if (options.jpegScale() == ModelOptions.JpegScale.DRAFT) { // else as before there was a choice
      all += " draft";
    }
    if (isQuantized(files, folder, layout)) {
      all += " ONNX Runtime " + runtime.get();
    }
    return Fingerprint.of(all.getBytes(StandardCharsets.UTF_8));
  }

  private static boolean isQuantized(ModelFiles files, Path folder, ModelLayout layout)
      throws IOException {
    for (ModelFiles.File file : files.files()) {
      Optional<String> name = Optional.of(file.name());
      if ((name.equals(layout.image()) || name.equals(layout.text()))
          && Quantization.isUsedIn(folder.resolve(file.name()), file.sha256())) {
        return true;
      }
    }
    return false;
  }

  private static Optional<ImageProcessor> processor(
      String place, Path folder, ModelLayout layout, ModelOptions options) throws IOException {
    return layout.image().isEmpty()
        ? Optional.empty()
        : Optional.of(
            ImageProcessor.parse(
                place, Files.readAllBytes(folder.resolve("preprocessor_config.json")), options));
  }

  private TextTokenizer tokenizer(Path folder) throws IOException {
    Map<String, byte[]> files = new HashMap<>();
    for (String name : List.of("tokenizer.json", "tokenizer_config.json", "config.json")) {
      if (Files.exists(folder.resolve(name))) {
        files.put(name, Files.readAllBytes(folder.resolve(name)));
      }
    }
    return new TextTokenizer(
        files.get("tokenizer.json"), TextRules.of(place, files, textTower.orElseThrow().length()));
  }

  /** Encodes something with each tower: the widths must be those of one space. */
  private int measure() {
    int images = imageTower.isEmpty() ? 0 : images(List.of(black()))[0].length;
    int texts = textTower.isEmpty() ? images : texts(List.of("a photo"))[0].length;
    if (images != 0 && images != texts) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot use the model in %s: its image vectors have %d numbers and its text vectors %d, so"
              + " they are not of one space. Export it with the projections (image_embeds and"
              + " text_embeds; in transformers CLIPVisionModelWithProjection and"
              + " CLIPTextModelWithProjection).",
          place,
          images,
          texts);
    }
    return texts;
  }

  private static RgbImage black() {
    return new RgbImage(8, 8, new byte[3 * 64]);
  }

  @Override
  public RgbImage frame(Picture picture) {
    return processor.orElseThrow(this::lacksImages).frame(picture);
  }

  @Override
  public float[][] frames(List<RgbImage> framed) {
    OnnxTower tower = imageTower.orElseThrow(this::lacksImages);
    float[][] vectors = new float[framed.size()][];
    int most = tower.mixesRows() ? 1 : PICTURES_PER_RUN;
    for (int from = 0; from < framed.size(); ) {
      int to = from + 1;
      while (to < framed.size() && to - from < most && sameSize(framed.get(from), framed.get(to))) {
        to++;
      }
      float[][] part = pictures(tower, framed.subList(from, to));
      System.arraycopy(part, 0, vectors, from, to - from);
      from = to;
    }
    return vectors;
  }

  private static boolean sameSize(RgbImage one, RgbImage other) {
    return one.width() == other.width() && one.height() == other.height();
  }

  private float[][] pictures(OnnxTower tower, List<RgbImage> framed) {
    RgbImage first = framed.get(0);
    int rows = rows(tower, framed.size());
    int numbers = 3 * first.width() * first.height();
    float[] pixels = new float[rows * numbers];
    for (int row = 0; row < rows; row++) {
      processor
          .orElseThrow()
          .write(framed.get(Math.min(row, framed.size() - 1)), pixels, row * numbers);
    }
    return tower.pictures(pixels, rows, new ImageProcessor.Size(first.height(), first.width()));
  }

  /** A product with one row takes another way through the library, and its last bits differ. */
  private static int rows(OnnxTower tower, int needed) {
    return tower.mixesRows() ? needed : Math.max(2, needed);
  }

  @Override
  public EncodedTexts textsAndCuts(List<String> texts) {
    OnnxTower tower = textTower.orElseThrow(() -> lacks("texts", "text", "text_model.onnx"));
    int most = tower.mixesRows() ? 1 : TEXTS_PER_RUN;
    Map<Integer, List<Integer>> byLength = new TreeMap<>();
    List<TextTokenizer.Tokens> tokens = new ArrayList<>();
    for (String text : texts) {
      TextTokenizer.Tokens encoded = tokenizer.orElseThrow().encode(text);
      byLength.computeIfAbsent(encoded.length(), length -> new ArrayList<>()).add(tokens.size());
      tokens.add(encoded);
    }
    boolean[] cut = new boolean[texts.size()];
    float[][] vectors = new float[texts.size()][];
    for (List<Integer> same : byLength.values()) {
      for (int from = 0; from < same.size(); from += most) {
        List<Integer> part = same.subList(from, Math.min(same.size(), from + most));
        float[][] run = texts(tower, part.stream().map(tokens::get).toList());
        for (int i = 0; i < part.size(); i++) {
          vectors[part.get(i)] = run[i];
          cut[part.get(i)] = tokens.get(part.get(i)).cut();
        }
      }
    }
    return new EncodedTexts(vectors, cut);
  }

  private float[][] texts(OnnxTower tower, List<TextTokenizer.Tokens> tokens) {
    List<TextTokenizer.Tokens> rows = new ArrayList<>(tokens);
    while (rows.size() < rows(tower, tokens.size())) {
      rows.add(tokens.get(0));
    }
    return tower.texts(rows, size);
  }

  private WeftException lacksImages() {
    return lacks("images", "image", "vision_model.onnx");
  }

  private WeftException lacks(String what, String tower, String file) {
    return new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot encode %s with the model in %s: it has no %s tower. Put its %s beside the other"
            + " one, or set encode.model to a model with both.",
        what,
        place,
        tower,
        file);
  }

  @Override
  public OptionalInt draftSide() {
    return jpegScale == ModelOptions.JpegScale.DRAFT
        ? processor.map(ImageProcessor::draftSide).orElse(OptionalInt.empty())
        : OptionalInt.empty();
  }

  @Override
  public int dimension() {
    return dimension;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public void close() {
    tokenizer.ifPresent(TextTokenizer::close);
    graphs.forEach(OnnxGraph::close);
  }
}
