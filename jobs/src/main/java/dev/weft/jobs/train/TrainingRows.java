package dev.weft.jobs.train;

import dev.weft.ingest.ImageKey;
import dev.weft.ingest.Triplet;
import dev.weft.train.TripletTable;
import java.util.List;

/**
 * The training triplets as they were read.
 *
 * @param table rows and vectors
 * @param triplets the row at the same place of the table
 * @param heldOut triplets set apart for validation
 * @param leftOut triplets that are neither: they show a target image of the held out ones
 */
record TrainingRows(
    TripletTable table, List<Triplet> triplets, List<Triplet> heldOut, int leftOut) {

  TrainingRows {
    triplets = List.copyOf(triplets);
    heldOut = List.copyOf(heldOut);
  }

  /** What people call a row of the table. */
  String name(int row) {
    Triplet triplet = triplets.get(row);
    return new ImageKey(triplet.dataset(), triplet.category(), triplet.id()).toString();
  }
}
