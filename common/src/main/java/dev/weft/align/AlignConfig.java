package dev.weft.align;

import dev.weft.config.Rules;
import dev.weft.encode.Fit;
import dev.weft.encode.PatchShape;
import dev.weft.encode.Preprocessing;
import dev.weft.encode.Resample;
import java.io.Serializable;
import java.util.Collections;

/**
 * Settings of the align stage, read from the {@code align.*} keys.
 *
 * @param epochs passes over the described training images, at least 1
 * @param batchSize B, images per step over all workers; also the number of candidates, at least 2
 * @param learningRate peak step size after warm-up, in (0, 1)
 * @param warmupSteps steps of the linear rise, at least 0
 * @param logitScale initial factor on the cosines, positive
 * @param maxLogitScale upper limit of the trained factor
 * @param dimension D, width of the common space, at least 2
 * @param imageSize S, side of the picture that the tower sees, pixels; a multiple of the patch size
 * @param patchSize side of a patch, pixels
 * @param patchUnits width of a patch's features
 * @param hiddenUnits width of the hidden layer
 * @param maxShift augmentation: pixels by which a training picture is moved at most, at least 0
 * @param mirror augmentation: whether half of the training pictures are mirrored
 * @param maxImages most training images used, a sample of them; at least 2
 * @param partitions slices of a batch, one task each; 0 for one per executor
 */
public record AlignConfig(
    int epochs,
    int batchSize,
    double learningRate,
    int warmupSteps,
    double logitScale,
    double maxLogitScale,
    int dimension,
    int imageSize,
    int patchSize,
    int patchUnits,
    int hiddenUnits,
    int maxShift,
    boolean mirror,
    int maxImages,
    int partitions)
    implements Serializable {

  public AlignConfig {
    Rules.of("align")
        .require(epochs >= 1, "epochs", epochs, "must be at least 1")
        .require(
            batchSize >= 2,
            "batch-size",
            batchSize,
            "must be at least 2: the other rows are the negatives")
        .require(
            learningRate > 0 && learningRate < 1,
            "learning-rate",
            learningRate,
            "must be above 0 and below 1")
        .require(warmupSteps >= 0, "warmup-steps", warmupSteps, "must be at least 0")
        .require(logitScale > 0, "logit-scale", logitScale, "must be positive")
        .require(
            maxLogitScale >= logitScale,
            "max-logit-scale",
            maxLogitScale,
            "must be at least align.logit-scale (" + logitScale + ")")
        .require(dimension >= 2, "dimension", dimension, "must be at least 2")
        .require(patchSize >= 1, "patch-size", patchSize, "must be at least 1")
        .require(
            imageSize >= 1 && patchSize >= 1 && imageSize % patchSize == 0,
            "image-size",
            imageSize,
            "must be a multiple of align.patch-size (" + patchSize + ")")
        .require(patchUnits >= 1, "patch-units", patchUnits, "must be at least 1")
        .require(hiddenUnits >= 1, "hidden-units", hiddenUnits, "must be at least 1")
        .require(
            maxShift >= 0 && maxShift < imageSize,
            "max-shift",
            maxShift,
            "must be at least 0 and below align.image-size")
        .require(maxImages >= 2, "max-images", maxImages, "must be at least 2")
        .require(partitions >= 0, "partitions", partitions, "must be 0 (automatic) or more")
        .enforce();
  }

  /** How pictures become the input of the image tower; these choices define the starter encoder. */
  public Preprocessing preprocessing() {
    return new Preprocessing(
        imageSize,
        Resample.BICUBIC,
        Fit.TARGET_PAD,
        Collections.nCopies(3, 0.5),
        Collections.nCopies(3, 0.5));
  }

  /** The sizes of the image tower. */
  public PatchShape shape() {
    return new PatchShape(imageSize, patchSize, patchUnits, hiddenUnits, dimension);
  }

  /** What is done to training pictures. */
  public Augmentation augmentation() {
    return new Augmentation(maxShift, mirror);
  }
}
