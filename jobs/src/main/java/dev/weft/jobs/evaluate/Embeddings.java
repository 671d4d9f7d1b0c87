package dev.weft.jobs.evaluate;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.index.EncodedWith;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** The vectors of one snapshot of the encode stage, fetched to the driver by name. */
public final class Embeddings {
  private final SparkSession spark;
  private final Snapshot encode;

  Embeddings(SparkSession spark, Snapshot encode) {
    this.spark = spark;
    this.encode = encode;
  }

  /** What made the vectors of a snapshot of encode. */
  public static EncodedWith encodedWith(Snapshot encode) {
    Map<String, Object> facts = encode.manifest().facts();
    return new EncodedWith(
        "encode version " + encode.version(),
        String.valueOf(facts.get("encoder")),
        ((Number) facts.get("dimension")).intValue());
  }

  /**
   * Vectors of images of one category.
   *
   * @param ids what to fetch
   * @return id to D little-endian float32 values, in the order of the ids
   */
  Map<String, byte[]> images(String dataset, String category, Collection<String> ids) {
    Dataset<Row> table =
        Table.IMAGE_EMBEDDINGS
            .read(spark, encode)
            .where(
                functions
                    .col("dataset")
                    .equalTo(dataset)
                    .and(functions.col("category").equalTo(category)));
    Map<String, byte[]> vectors = fetch(table, "id", ids);
    String where = category.isEmpty() ? dataset : dataset + "/" + category;
    if (vectors.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot evaluate %s: none of its %,d images has a vector. An annotation-only run"
              + " (ingest.images: none, or a data set without an images folder) encodes texts only."
              + " Ingest it with its images and encode again, or take it out of ingest.datasets.",
          where,
          ids.size());
    }
    return complete(vectors, ids, where, "images");
  }

  /** Vectors of texts, in their order. */
  Map<String, byte[]> texts(Collection<String> texts, String where) {
    return complete(
        fetch(Table.TEXT_EMBEDDINGS.read(spark, encode), "text", texts), texts, where, "texts");
  }

  private Map<String, byte[]> fetch(Dataset<Row> table, String key, Collection<String> wanted) {
    Dataset<Row> keys =
        spark.createDataset(List.copyOf(new LinkedHashSet<>(wanted)), Encoders.STRING()).toDF(key);
    Map<String, byte[]> vectors = new HashMap<>();
    Dataset<Row> found = table.select(key, "vector").join(keys, new String[] {key}, "left_semi");
    for (Row row : found.collectAsList()) {
      vectors.put(row.getAs(key), row.getAs("vector"));
    }
    return vectors;
  }

  private static Map<String, byte[]> complete(
      Map<String, byte[]> vectors, Collection<String> wanted, String where, String what) {
    Set<String> missing = new LinkedHashSet<>(wanted);
    missing.removeAll(vectors.keySet());
    if (!missing.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot evaluate %s: %,d of its %s have no vector, such as '%s'. They were ingested after"
              + " the last encode: run encode again.",
          where,
          missing.size(),
          what,
          missing.iterator().next());
    }
    return vectors;
  }
}
