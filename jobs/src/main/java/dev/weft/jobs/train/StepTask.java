package dev.weft.jobs.train;

import dev.weft.train.PartialStep;
import dev.weft.train.StepRequest;
import org.apache.spark.api.java.function.Function;
import org.apache.spark.broadcast.Broadcast;

/**
 * One step as Spark carries it to the workers; called with the number of a slice. A repeated or
 * duplicated task gives the same bytes.
 *
 * @param setup what all steps share
 * @param parameters parameters of the head, little-endian float32
 * @param step number of the step since the start of the run, from 0
 * @param epoch epoch, from 0
 * @param stepInEpoch number of the step in its epoch, from 0
 * @param logitScale the logit scale
 */
record StepTask(
    StepSetup setup,
    Broadcast<byte[]> parameters,
    long step,
    int epoch,
    int stepInEpoch,
    double logitScale)
    implements Function<Integer, PartialStep> {

  @Override
  public PartialStep call(Integer part) {
    StepRequest request = new StepRequest(step, epoch, stepInEpoch, parameters.value(), logitScale);
    return setup.computation().compute(request, part, setup.parts());
  }
}
