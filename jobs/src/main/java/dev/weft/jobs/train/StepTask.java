package dev.weft.jobs.train;

import dev.weft.train.StepRequest;
import java.io.Serializable;
import org.apache.spark.broadcast.Broadcast;

/**
 * One step as Spark carries it to the workers. A repeated or duplicated task gives the same bytes.
 *
 * @param setup what all steps share
 * @param parameters parameters of the head, little-endian float32
 * @param step number of the step since the start of the run, from 0
 * @param epoch epoch, from 0
 * @param stepInEpoch number of the step in its epoch, from 0
 * @param logitScale the logit scale
 * @param columns what the first pass of a symmetric loss found, otherwise empty
 */
@SuppressWarnings("ArrayRecordComponent") // moved, never compared
record StepTask(
    StepSetup setup,
    Broadcast<byte[]> parameters,
    long step,
    int epoch,
    int stepInEpoch,
    double logitScale,
    double[] columns)
    implements Serializable { // travels with every task

  static StepTask of(StepSetup setup, Broadcast<byte[]> parameters, StepRequest request) {
    return new StepTask(
        setup,
        parameters,
        request.step(),
        request.epoch(),
        request.stepInEpoch(),
        request.logitScale(),
        request.columns());
  }

  /** The step on a worker. */
  StepRequest request() {
    return new StepRequest(step, epoch, stepInEpoch, parameters.value(), logitScale, columns);
  }
}
