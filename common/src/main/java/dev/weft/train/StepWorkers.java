package dev.weft.train;

import java.util.List;

/**
 * Runs the passes of a step over the slices of its batch: in this process, or as Spark jobs.
 *
 * <p>Both passes cut a batch into the same slices in the same order, and return them in it.
 */
public interface StepWorkers {
  /**
   * The first pass of a symmetric loss: {@link StepComputation#columns} of each slice.
   *
   * @param request the step, without columns
   */
  List<double[]> columns(StepRequest request);

  /**
   * {@link StepComputation#compute} of each slice.
   *
   * @param request the step; with columns if the loss is symmetric
   */
  List<PartialStep> compute(StepRequest request);

  /**
   * Steps that each partition makes by itself: {@link LocalRound#run} of each.
   *
   * @param round the steps
   * @param state where all begin
   */
  List<LocalRound.Result> local(LocalRound round, byte[] state);
}
