package dev.weft.jobs.train;

import dev.weft.train.PartialStep;
import dev.weft.train.StepComputation;
import dev.weft.train.StepRequest;
import java.io.Serializable;
import java.util.List;
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

  /** What a task does with its slice of a step. */
  enum Pass {
    /** Builds model and tables, and times what does not depend on the size of the slice. */
    WARM_UP,
    /** The first pass of a symmetric loss. */
    COLUMNS,
    /** Loss and gradient. */
    GRADIENT
  }

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

  /**
   * Runs one pass over a slice, on a worker.
   *
   * @param pass which
   * @param part which slice, from 0
   */
  SliceResult run(Pass pass, int part) {
    long start = System.nanoTime();
    byte[] values = parameters.value();
    StepComputation computation = setup.computation();
    long fetched = System.nanoTime();
    StepRequest request = new StepRequest(step, epoch, stepInEpoch, values, logitScale, columns);
    return run(setup, computation, request, pass, part, fetched - start);
  }

  /** As above, with what it needs at hand, and the time that fetching it took. */
  static SliceResult run(
      StepSetup setup,
      StepComputation computation,
      StepRequest request,
      Pass pass,
      int part,
      long fetchNanos) {
    long start = System.nanoTime();
    return switch (pass) {
      case WARM_UP -> {
        int rows = setup.batches().size(request.stepInEpoch());
        int share = Math.max(1, Math.min(setup.parts(), rows));
        warmUp(setup, computation, request, part % share, share);
        StepRequest other = next(request);
        warmUp(setup, computation, other, 0, rows); // one row
        long begin = System.nanoTime();
        warmUp(setup, computation, next(other), 0, rows);
        yield SliceResult.of(new double[0], fetchNanos, System.nanoTime() - begin);
      }
      case COLUMNS -> {
        double[] found = computation.columns(request, part, setup.parts());
        yield SliceResult.of(found, fetchNanos, System.nanoTime() - start);
      }
      case GRADIENT -> {
        PartialStep found = computation.compute(request, part, setup.parts());
        SliceResult result = SliceResult.of(found, fetchNanos, System.nanoTime() - start);
        SliceMetrics.current().slice(result);
        yield result;
      }
    };
  }

  /** Another batch: what a computation keeps of the last one would hide the work. */
  private static StepRequest next(StepRequest request) {
    return new StepRequest(
        request.step(),
        request.epoch() + 1,
        request.stepInEpoch(),
        request.parameters(),
        request.logitScale());
  }

  private static void warmUp(
      StepSetup setup, StepComputation computation, StepRequest request, int part, int parts) {
    StepRequest ready =
        setup.objective().needsColumns()
            ? request.withColumns(List.of(computation.columns(request, part, parts)))
            : request;
    computation.compute(ready, part, parts);
  }

  /**
   * Looks for the rows of a slice that gave no number, on a worker.
   *
   * @param part which slice, from 0
   */
  int[] notFinite(int part) {
    StepRequest request =
        new StepRequest(step, epoch, stepInEpoch, parameters.value(), logitScale, columns);
    return setup.computation().notFinite(request, part, setup.parts());
  }
}
