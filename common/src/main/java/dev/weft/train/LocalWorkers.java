package dev.weft.train;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Runs the passes of a step in this process, slice after slice.
 *
 * @param computation computes a slice
 * @param parts slices of a step
 */
public record LocalWorkers(StepComputation computation, int parts) implements StepWorkers {
  @Override
  public List<double[]> columns(StepRequest request) {
    return IntStream.range(0, parts)
        .mapToObj(part -> computation.columns(request, part, parts))
        .toList();
  }

  @Override
  public List<PartialStep> compute(StepRequest request) {
    return IntStream.range(0, parts)
        .mapToObj(part -> computation.compute(request, part, parts))
        .toList();
  }

  @Override
  public List<LocalRound.Result> local(LocalRound round, byte[] state) {
    return IntStream.range(0, parts)
        .mapToObj(part -> round.run(computation, state, part, parts))
        .toList();
  }
}
