package dev.weft.encode;

import dev.weft.config.Rules;
import java.util.List;

/**
 * Settings of the encode stage, read from the {@code encode.*} keys.
 *
 * @param model {@code starter}: the encoder of the align stage; else the URI of a model folder
 * @param batchSize images or texts handed to the encoder at once, at least 1
 * @param partitions tasks of the stage; 0 for as many as the cluster has task slots
 * @param captionForms the texts encoded for each triplet, at least one
 */
public record EncodeConfig(
    String model, int batchSize, int partitions, List<CaptionForm> captionForms) {

  public EncodeConfig {
    captionForms = List.copyOf(captionForms);
    Rules.of("encode")
        .require(!model.isBlank(), "model", model, "must be starter or the URI of a model folder")
        .require(batchSize >= 1, "batch-size", batchSize, "must be at least 1")
        .require(partitions >= 0, "partitions", partitions, "must be 0 (automatic) or more")
        .require(
            !captionForms.isEmpty(), "caption-forms", captionForms, "must name at least one form")
        .enforce();
  }
}
