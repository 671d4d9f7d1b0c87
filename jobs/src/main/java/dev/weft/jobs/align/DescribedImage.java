package dev.weft.jobs.align;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.xxhash64;

import dev.weft.jobs.encode.StoredImage;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import java.util.Comparator;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * An image file and the words for what it shows.
 *
 * @param image the file, as ingest saw it
 * @param description not blank
 */
record DescribedImage(StoredImage image, String description) {

  /**
   * Described images of the galleries of a split, in the order of their keys.
   *
   * @param limit most images returned; of more a sample, chosen by seed and key alone
   */
  static List<DescribedImage> of(
      SparkSession spark, Snapshot ingest, String split, int limit, long seed) {
    Dataset<Row> candidates =
        Table.GALLERIES
            .read(spark, ingest)
            .filter(col("split").equalTo(split))
            .select(col("dataset"), col("category"), col("image").as("id"));
    String[] key = {"dataset", "category", "id"};
    return Table.IMAGES
        .read(spark, ingest)
        .filter(col("location").isNotNull().and(col("description").isNotNull()))
        .join(candidates, key, "left_semi")
        .withColumn("draw", xxhash64(lit(seed), col(key[0]), col(key[1]), col(key[2])))
        .orderBy("draw", key)
        .limit(limit)
        .collectAsList()
        .stream()
        .map(row -> new DescribedImage(StoredImage.of(row), row.getAs("description")))
        .sorted(Comparator.comparing(described -> described.image().key()))
        .toList();
  }
}
