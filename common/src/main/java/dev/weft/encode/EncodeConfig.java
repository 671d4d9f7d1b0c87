package dev.weft.encode;

import dev.weft.config.Rules;
import java.nio.file.Path;
import java.util.List;

/**
 * Settings of the encode stage, read from the {@code encode.*} keys.
 *
 * @param model {@code starter}: the encoder of the align stage; {@code bge-small-en-v1.5}: its text
 *     tower alone; else the URI of a model folder
 * @param variant which weights of a model folder, by the name of their files
 * @param pad black bars before the preprocessing of a model folder
 * @param padRatio largest ratio of longer to shorter side that {@code target} leaves alone, 1 to 10
 * @param jpegScale how much of a JPEG file is decoded for a model folder
 * @param pooling how the states of tokens become one vector, for graphs without a pooled output
 * @param device where ONNX Runtime computes
 * @param modelCache folder on each machine for models from other file systems; empty for one under
 *     the temporary folder
 * @param adapt whether align trains adapters behind the towers of a model folder
 * @param batchSize images or texts handed to the encoder at once, at least 1
 * @param partitions tasks of the stage; 0 for as many as the cluster has task slots
 * @param captionForms the texts encoded for each triplet, at least one
 */
public record EncodeConfig(
    String model,
    String variant,
    ModelOptions.Pad pad,
    double padRatio,
    ModelOptions.JpegScale jpegScale,
    ModelOptions.Pooling pooling,
    ModelOptions.Device device,
    String modelCache,
    boolean adapt,
    int batchSize,
    int partitions,
    List<CaptionForm> captionForms) {
  private static final String STARTER = "starter";
  private static final String TEXT_ONLY = "bge-small-en-v1.5";

  public EncodeConfig {
    captionForms = List.copyOf(captionForms);
    Rules.of("encode")
        .require(
            !model.isBlank(),
            "model",
            model,
            "must be starter, bge-small-en-v1.5 or the URI of a model folder")
        .require(
            variant.matches("\\w+"),
            "variant",
            variant,
            "must be the part of a file's name that names its weights, such as fp32 or quantized")
        .require(padRatio >= 1 && padRatio <= 10, "pad-ratio", padRatio, "must be 1 to 10")
        .require(
            !adapt || !List.of(STARTER, TEXT_ONLY).contains(model),
            "adapt",
            adapt,
            "must be false for encode.model=" + model + ": align trains adapters of model folders")
        .require(batchSize >= 1, "batch-size", batchSize, "must be at least 1")
        .require(partitions >= 0, "partitions", partitions, "must be 0 (automatic) or more")
        .require(
            !captionForms.isEmpty(), "caption-forms", captionForms, "must name at least one form")
        .enforce();
  }

  /** Whether the encoder is the one that align trains. */
  public boolean isStarter() {
    return model.equals(STARTER);
  }

  /** Whether the encoder is the text tower of the starter alone. */
  public boolean isTextOnly() {
    return model.equals(TEXT_ONLY);
  }

  /** How a model folder is used. */
  public ModelOptions options() {
    return new ModelOptions(variant, pad, padRatio, jpegScale, pooling, device);
  }

  /** Where models from other file systems are kept on this machine. */
  public String modelFolder() {
    return modelCache.isBlank()
        ? Path.of(System.getProperty("java.io.tmpdir"), "weft-models").toString()
        : modelCache;
  }
}
