package dev.weft.jobs.ingest;

import dev.weft.ingest.Triplet;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Triplets as rows of the table {@code triplets}, and back. */
public final class TripletRows {
  private TripletRows() {}

  /** The row of a triplet, in the order of {@code triplets.ddl}. */
  public static Row row(Triplet triplet) {
    return RowFactory.create(
        triplet.dataset(),
        triplet.category(),
        triplet.split(),
        triplet.id(),
        triplet.reference(),
        triplet.target().orElse(null),
        triplet.groundTruths().toArray(String[]::new),
        triplet.captions().toArray(String[]::new),
        triplet.concept().orElse(null),
        triplet.aspects().toArray(String[]::new),
        triplet.subset().toArray(String[]::new));
  }

  /** The triplet of a row. */
  public static Triplet triplet(Row row) {
    return new Triplet(
        row.getAs("dataset"),
        row.getAs("category"),
        row.getAs("split"),
        row.getAs("id"),
        row.getAs("reference"),
        texts(row, "ground_truths"),
        texts(row, "captions"),
        Optional.ofNullable(row.getAs("concept")),
        texts(row, "aspects"),
        texts(row, "subset"));
  }

  private static List<String> texts(Row row, String column) {
    return row.getList(row.fieldIndex(column));
  }
}
