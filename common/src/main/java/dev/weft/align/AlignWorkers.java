package dev.weft.align;

import java.util.List;

/**
 * Runs the passes of a step over the slices of its batch: in this process, or as Spark jobs.
 *
 * <p>Both passes must cut a batch into the same slices in the same order, and return them in it.
 */
public interface AlignWorkers {

  /** Pass 1 on each slice. */
  List<Embeddings> embed(AlignRequest request);

  /**
   * Pass 2 on each slice.
   *
   * @param all the results of pass 1, one after the other
   * @param normalizers of the loss over all of them
   */
  List<PartialGradient> gradient(
      AlignRequest request, Embeddings all, SymmetricLoss.Normalizers normalizers);
}
