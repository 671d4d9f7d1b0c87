package dev.weft.index;

import dev.weft.config.Rules;

/**
 * Settings of the index stage, read from the {@code index.*} keys.
 *
 * @param kind how the vectors are laid out
 * @param galleries which images are indexed
 * @param files number of Parquet files, at least 1
 * @param cells cells of an index of kind ivf; 0 for four times the root of the number of images
 * @param recall share of the true ten nearest that a search of an index of kind ivf is to find,
 *     above 0, at most 1
 * @param sample most vectors that the cells are trained on, at least 1
 * @param recallQueries most queries that the recall is measured on, at least 1
 * @param attributes URI or path of a table of what images can be filtered by, or empty
 */
public record IndexConfig(
    Kind kind,
    Galleries galleries,
    int files,
    int cells,
    double recall,
    int sample,
    int recallQueries,
    String attributes) {

  /** Layouts of an index. */
  public enum Kind {
    /** A search compares all vectors. */
    EXACT,
    /** Vectors lie in cells around centroids; a search looks into the nearest ones. */
    IVF
  }

  /** Images that go in. */
  public enum Galleries {
    /** The candidate images of the split val. */
    VAL,
    /** Every image that has a vector. */
    ALL
  }

  public IndexConfig {
    Rules.of("index")
        .require(files >= 1, "files", files, "must be at least 1")
        .require(cells >= 0, "cells", cells, "must be at least 0")
        .require(recall > 0 && recall <= 1, "recall", recall, "must be above 0 and at most 1")
        .require(sample >= 1, "sample", sample, "must be at least 1")
        .require(recallQueries >= 1, "recall-queries", recallQueries, "must be at least 1")
        .enforce();
  }

  /** How many cells an index of some images has. */
  public int cellsFor(long images) {
    if (kind == Kind.EXACT) {
      return 1;
    }
    long wanted = cells > 0 ? cells : Math.round(4 * Math.sqrt((double) images));
    return (int) Math.max(1, Math.min(images, wanted));
  }
}
