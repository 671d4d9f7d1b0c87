package dev.weft.jobs.search;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.search.Query;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The indexed images that queries name. A name is an id, or {@code dataset/category/id} (without
 * category: {@code dataset/id}) where several data sets use the same id.
 *
 * @param found name to image
 */
record IndexedImages(Map<String, Image> found) {
  private static final int SHOWN = 10;

  /**
   * An image of the index.
   *
   * @param image what and where it is
   * @param vector D little-endian float32 values
   */
  @SuppressWarnings("ArrayRecordComponent") // vectors are multiplied, never compared
  record Image(Answer image, byte[] vector) {}

  /**
   * Looks the images of queries up.
   *
   * @param index all rows of the table {@code index}
   */
  static IndexedImages find(SparkSession spark, Dataset<Row> index, List<Query> queries) {
    Set<String> names = new LinkedHashSet<>();
    queries.forEach(query -> query.imageId().ifPresent(names::add));
    Map<String, Image> found = new HashMap<>();
    if (names.isEmpty()) {
      return new IndexedImages(found);
    }
    Set<String> ids = new LinkedHashSet<>(names);
    for (String name : names) { // the id of a full name, with or without a category before it
      for (int slash = name.indexOf('/'); slash >= 0; slash = name.indexOf('/', slash + 1)) {
        ids.add(name.substring(slash + 1));
      }
    }
    Dataset<Row> wanted = spark.createDataset(List.copyOf(ids), Encoders.STRING()).toDF("id");
    for (Row row : index.join(wanted, new String[] {"id"}, "left_semi").collectAsList()) {
      Image image = new Image(Answer.of(row, 0), row.getAs("vector"));
      for (String name : List.of(image.image().id(), image.image().key().toString())) {
        if (names.contains(name)) {
          found.merge(name, image, (one, other) -> same(name, one, other));
        }
      }
    }
    names.removeAll(found.keySet());
    if (!names.isEmpty()) {
      List<String> missing = new ArrayList<>(names);
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot search: the index does not have %d of the images that queries name: %s%s. Give"
              + " the image file with 'image' in place of 'image_id', or index it too"
              + " (index.galleries: all).",
          missing.size(),
          String.join(", ", missing.subList(0, Math.min(SHOWN, missing.size()))),
          missing.size() > SHOWN ? " ..." : "");
    }
    return new IndexedImages(found);
  }

  /** The failure of a task whose version of the index went away. */
  static WeftException gone(long version) {
    return new WeftException(
        ExitCode.TRY_LATER,
        "Cannot search version %d of the index: it was vacuumed meanwhile. Run the same command"
            + " again: it will take the newest version.",
        version);
  }

  /**
   * An image that belongs to several categories has one vector; the first in order stands for it.
   */
  private static Image same(String name, Image one, Image other) {
    if (!Arrays.equals(one.vector(), other.vector())) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot search for the image '%s': the index has several, such as %s and %s. Give its"
              + " full name.",
          name,
          one.image().key(),
          other.image().key());
    }
    return one.image().key().compareTo(other.image().key()) <= 0 ? one : other;
  }
}
