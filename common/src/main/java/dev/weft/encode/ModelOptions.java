package dev.weft.encode;

import java.io.Serializable;

/**
 * How a model folder is used, beyond what its own files say.
 *
 * @param variant which weights, by the name of their files: {@code fp32} for {@code model.onnx},
 *     else what stands after the underscore, such as {@code fp16} or {@code quantized}
 * @param pad what is done to a picture before the model's own preprocessing
 * @param padRatio largest ratio of the longer to the shorter side that {@link Pad#TARGET} leaves
 *     alone, at least 1
 * @param jpegScale how much of a JPEG file is decoded
 * @param pooling how the states of the tokens become one vector
 * @param device where it runs; no part of the fingerprint
 */
public record ModelOptions(
    String variant, Pad pad, double padRatio, JpegScale jpegScale, Pooling pooling, Device device)
    implements Serializable {

  /** Black bars added before the model's own preprocessing. */
  public enum Pad {
    /** None: the picture as it is. */
    NONE,
    /** Bars on the shorter side, until the ratio of longer to shorter is the pad ratio. */
    TARGET,
    /** Bars on the shorter side, until the picture is a square. */
    SQUARE
  }

  /** How much of a JPEG file is decoded. */
  public enum JpegScale {
    /** Every pixel. */
    FULL,
    /**
     * The least of 1, 1/2, 1/4 and 1/8 of the sides that the resize does not enlarge, as Pillow's
     * {@code Image.draft}: faster, and other pixels.
     */
    DRAFT
  }

  /** How {@code last_hidden_state}, one state per token, becomes one vector. */
  public enum Pooling {
    /** The model must have a pooled output of its own. */
    MODEL,
    /** The state of the first token (BERT's [CLS]). */
    FIRST,
    /** The mean over the tokens that are no padding. */
    MEAN,
    /** The state of the last token that is no padding. */
    LAST
  }

  /** Where ONNX Runtime computes. */
  public enum Device {
    /** On the GPU if this ONNX Runtime can, else on the processor. */
    AUTO,
    /** On the processor. */
    CPU,
    /** On the GPU; an error where this cannot be. */
    CUDA
  }
}
