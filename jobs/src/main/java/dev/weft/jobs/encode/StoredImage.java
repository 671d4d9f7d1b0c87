package dev.weft.jobs.encode;

import dev.weft.ingest.ImageKey;
import java.io.Serializable;
import org.apache.spark.sql.Row;

/**
 * An image file as ingest saw it.
 *
 * @param dataset name of the data set
 * @param category category within the data set
 * @param id image id
 * @param location URI of the file
 * @param sha256 hash of its content, 64 hexadecimal digits
 * @param bytes its size
 */
public record StoredImage(
    String dataset, String category, String id, String location, String sha256, long bytes)
    implements Serializable {

  /** The image of a row of the table {@code images} that has a location. */
  public static StoredImage of(Row row) {
    return new StoredImage(
        row.getAs("dataset"),
        row.getAs("category"),
        row.getAs("id"),
        row.getAs("location"),
        row.getAs("sha256"),
        row.<Long>getAs("bytes"));
  }

  /** Names the image. */
  public ImageKey key() {
    return new ImageKey(dataset, category, id);
  }
}
