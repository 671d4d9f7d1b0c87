package dev.weft.train;

import dev.weft.compute.Schedule;
import dev.weft.config.Rules;
import dev.weft.encode.CaptionForm;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Mix;
import dev.weft.train.HeadArchitecture.Preset;
import java.util.List;
import java.util.Set;

/**
 * Settings of the train stage, read from the {@code train.*} keys; their meaning is in {@code
 * conf/defaults.yaml}.
 *
 * @param heads which heads to train, each at most once
 * @param gate what the gate of the gated head decides about
 * @param mix how the weighted head goes from image to text
 * @param combiner size of the combiner
 * @param attentionHeads heads of the attention head, dividing the embedding width
 * @param tirgHidden width of TIRG's hidden layers as a multiple of the embedding width
 * @param epochs passes over the training triplets, at least 1
 * @param batchSize triplets per step over all workers, which are each other's negatives, at least 2
 * @param learningRate peak step size, above 0 and below 1
 * @param schedule course of the step size after warm-up
 * @param warmupSteps steps in which the step size rises linearly, at least 0
 * @param weightDecay decoupled weight decay per step and unit of step size, 0 or more
 * @param clipNorm longest gradient, longer ones are shortened to it; 0 for no limit
 * @param logitScale inverse softmax temperature of cosine similarities, positive
 * @param learnLogitScale whether the scale is trained too
 * @param maxLogitScale upper limit of a trained scale
 * @param direction which of the two cross-entropies of a batch count
 * @param referenceAsNegative whether the reference image of a row is one of its negatives
 * @param hardNegatives mined negatives of each row that count, 0 for none
 * @param memoryBatches batches before a step whose targets are negatives too, 0 for none
 * @param labelSmoothing share of the wanted probability that is spread over all candidates, 0 to
 *     below 1
 * @param captionForms sentences to draw from, one per row and epoch
 * @param partitions slices of a step, one task each; 0 for one per executor
 * @param sync when the partitions agree on the parameters
 * @param localSteps steps each makes by itself where they do not after every one, at least 1
 * @param reduce where the gradients of the slices are added up
 * @param checkpointSteps steps between two checkpoints, at least 1
 */
public record TrainConfig(
    List<HeadKind> heads,
    Gate gate,
    Mix mix,
    Preset combiner,
    int attentionHeads,
    double tirgHidden,
    int epochs,
    int batchSize,
    double learningRate,
    Schedule.Course schedule,
    int warmupSteps,
    double weightDecay,
    double clipNorm,
    double logitScale,
    boolean learnLogitScale,
    double maxLogitScale,
    Objective.Direction direction,
    boolean referenceAsNegative,
    int hardNegatives,
    int memoryBatches,
    double labelSmoothing,
    List<CaptionForm> captionForms,
    int partitions,
    Sync sync,
    int localSteps,
    Reduction reduce,
    int checkpointSteps) {

  public TrainConfig {
    heads = List.copyOf(heads);
    captionForms = List.copyOf(captionForms);
    Rules.of("train")
        .require(
            !heads.isEmpty() && Set.copyOf(heads).size() == heads.size(),
            "heads",
            heads,
            "must name at least one head, each once")
        .require(attentionHeads >= 1, "attention-heads", attentionHeads, "must be at least 1")
        .require(tirgHidden > 0, "tirg-hidden", tirgHidden, "must be above 0")
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
        .require(
            weightDecay >= 0 && weightDecay < 1,
            "weight-decay",
            weightDecay,
            "must be 0 to below 1")
        .require(clipNorm >= 0, "clip-norm", clipNorm, "must be 0 (no limit) or more")
        .require(logitScale > 0, "logit-scale", logitScale, "must be above 0")
        .require(
            maxLogitScale >= logitScale,
            "max-logit-scale",
            maxLogitScale,
            "must be at least train.logit-scale (" + logitScale + ")")
        .require(hardNegatives >= 0, "hard-negatives", hardNegatives, "must be 0 (none) or more")
        .require(memoryBatches >= 0, "memory-batches", memoryBatches, "must be 0 (none) or more")
        .require(
            labelSmoothing >= 0 && labelSmoothing < 1,
            "label-smoothing",
            labelSmoothing,
            "must be 0 to below 1")
        .require(
            !captionForms.isEmpty(), "caption-forms", captionForms, "must name at least one form")
        .require(partitions >= 0, "partitions", partitions, "must be 0 (one per executor) or more")
        .require(
            sync != Sync.LOCAL || direction != Objective.Direction.SYMMETRIC,
            "sync",
            "local",
            "must be every-step for train.direction symmetric: a target is compared with the queries"
                + " of all partitions")
        .require(localSteps >= 1, "local-steps", localSteps, "must be at least 1")
        .require(checkpointSteps >= 1, "checkpoint-steps", checkpointSteps, "must be at least 1")
        .enforce();
  }

  /** What training minimises. */
  public Objective objective() {
    return new Objective(
        direction, referenceAsNegative, hardNegatives, memoryBatches, labelSmoothing);
  }

  /**
   * The trainable architecture of one of the heads.
   *
   * @param kind any but sum and weighted, which have nothing to train this way
   * @param dimension embedding width D
   */
  public HeadArchitecture.Trainable trainable(HeadKind kind, int dimension) {
    return switch (kind) {
      case GATED -> new HeadArchitecture.Gated(dimension, gate);
      case COMBINER -> combiner.combiner(dimension);
      case ATTENTION -> new HeadArchitecture.Attention(dimension, attentionHeads);
      case TIRG -> new HeadArchitecture.Tirg(dimension, multiple(tirgHidden, dimension));
      case SUM, WEIGHTED ->
          throw new IllegalArgumentException("the " + kind + " head has nothing to train");
    };
  }

  private static int multiple(double factor, int dimension) {
    return (int) Math.max(1, Math.round(factor * dimension));
  }
}
