package dev.weft.jobs.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.ImageKey;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The mined images that training triplets are trained against.
 *
 * @param perTriplet how many of a triplet are used, K
 * @param place where they were read, for messages
 * @param images ids of the images of a (data set, category, triplet), the hardest first
 */
record HardNegatives(int perTriplet, String place, Map<ImageKey, List<String>> images) {

  /** Those of a snapshot of mine; none without one. */
  static HardNegatives read(SparkSession spark, Optional<Snapshot> mine, int perTriplet) {
    if (mine.isEmpty()) {
      return new HardNegatives(0, "", Map.of());
    }
    Map<ImageKey, List<String>> images = new HashMap<>();
    for (Row row : Table.HARD_NEGATIVES.read(spark, mine.get()).collectAsList()) {
      List<String> ids = row.getList(row.fieldIndex("images"));
      images.put(
          new ImageKey(row.getAs("dataset"), row.getAs("category"), row.getAs("triplet")),
          List.copyOf(ids.subList(0, Math.min(perTriplet, ids.size()))));
    }
    return new HardNegatives(perTriplet, mine.get().path().toString(), images);
  }

  /** Those of a triplet, at most K. */
  List<ImageKey> of(Triplet triplet) {
    if (perTriplet == 0) {
      return List.of();
    }
    ImageKey key = new ImageKey(triplet.dataset(), triplet.category(), triplet.id());
    List<String> ids = images.get(key);
    if (ids == null) {
      throw outdated("no negatives of the triplet " + key);
    }
    return ids.stream().map(id -> new ImageKey(triplet.dataset(), triplet.category(), id)).toList();
  }

  /** They were mined on other data than training runs on. */
  WeftException outdated(String what) {
    return new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot train with train.hard-negatives=%d: %s has %s. They were mined on other triplets than"
            + " there are now: run scripts/weft mine, then this command again.",
        perTriplet,
        place,
        what);
  }
}
