package dev.weft.index;

import dev.weft.compute.Workers;
import java.util.List;

/**
 * What share of the true nearest images a search finds, by the number of cells that it looks into.
 *
 * <p>Within its cells a search is exact, so it finds a true neighbour if, and only if, it looks
 * into the neighbour's cell: one exact ranking measures every number of cells at once.
 */
public final class CellRecall {
  /** The K of the recall that is measured. */
  public static final int K = 10;

  private final int cells;
  private final int queries;
  private final long neighbours;
  private final long[] foundAt; // by rank of the neighbour's cell

  private CellRecall(int cells, int queries, long neighbours, long[] foundAt) {
    this.cells = cells;
    this.queries = queries;
    this.neighbours = neighbours;
    this.foundAt = foundAt;
  }

  /**
   * Measures.
   *
   * @param queries Q vectors, at least 1
   * @param neighbourCells the cells of each query's true neighbours
   */
  public static CellRecall measure(
      Cells cells, List<float[]> queries, List<int[]> neighbourCells, Workers workers) {
    if (queries.isEmpty() || queries.size() != neighbourCells.size()) {
      throw new IllegalArgumentException("recall needs queries, each with its neighbours");
    }
    long[] foundAt = new long[cells.count()];
    long neighbours = 0;
    try (VectorIndex.CellRanking ranking = new VectorIndex.CellRanking(cells, workers)) {
      int[][] nearest = ranking.nearest(queries, cells.count());
      for (int query = 0; query < nearest.length; query++) {
        int[] rankOf = new int[cells.count()];
        for (int rank = 0; rank < nearest[query].length; rank++) {
          rankOf[nearest[query][rank]] = rank;
        }
        for (int cell : neighbourCells.get(query)) {
          foundAt[rankOf[cell]]++;
          neighbours++;
        }
      }
    }
    return new CellRecall(cells.count(), queries.size(), neighbours, foundAt);
  }

  /** The recall of a search in so many cells, 0 to 1. */
  public double at(int probes) {
    long found = 0;
    for (int rank = 0; rank < probes; rank++) {
      found += foundAt[rank];
    }
    return neighbours == 0 ? 1 : (double) found / (double) neighbours;
  }

  /**
   * The layout with the fewest cells per search that reach a recall.
   *
   * @param target above 0, at most 1
   * @param source where the queries came from
   */
  public IndexLayout reaching(double target, String source) {
    int probes = 1;
    while (probes < cells && at(probes) < target) {
      probes++;
    }
    return new IndexLayout(cells, probes, at(probes), target, queries, source);
  }
}
