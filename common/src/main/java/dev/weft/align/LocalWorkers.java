package dev.weft.align;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Runs the slices of a batch one after the other in this process. */
public final class LocalWorkers implements AlignWorkers {
  private final List<AlignRow> rows;
  private final List<AlignStep> slices;

  /**
   * @param rows all training rows, row n at place n
   * @param slices one step per slice, at least one
   */
  public LocalWorkers(List<AlignRow> rows, List<AlignStep> slices) {
    this.rows = rows;
    this.slices = List.copyOf(slices);
  }

  @Override
  public List<Embeddings> embed(AlignRequest request) {
    List<Embeddings> results = new ArrayList<>();
    for (int slice = 0; slice < slices.size(); slice++) {
      results.add(slices.get(slice).embed(request, rows(request, slice)));
    }
    return results;
  }

  @Override
  public List<PartialGradient> gradient(
      AlignRequest request, Embeddings all, SymmetricLoss.Normalizers normalizers) {
    List<PartialGradient> results = new ArrayList<>();
    for (int slice = 0; slice < slices.size(); slice++) {
      results.add(
          slices
              .get(slice)
              .gradient(request, rows(request, slice), start(request, slice), all, normalizers));
    }
    return results;
  }

  private int start(AlignRequest request, int slice) {
    return (int) ((long) request.rows().length * slice / slices.size());
  }

  private List<AlignRow> rows(AlignRequest request, int slice) {
    return Arrays.stream(request.rows(), start(request, slice), start(request, slice + 1))
        .mapToObj(rows::get)
        .toList();
  }
}
