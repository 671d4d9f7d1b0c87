package dev.weft.jobs.search;

import dev.weft.ingest.ImageKey;
import dev.weft.rank.Hit;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;

/**
 * An image of the index as the answer to a query, in a form that travels between tasks.
 *
 * @param dataset name of the data set
 * @param category empty where there is none
 * @param id image id
 * @param location URI of the image file
 * @param description what it shows, empty where nobody knows
 * @param score cosine similarity to the query
 */
record Answer(
    String dataset, String category, String id, String location, String description, float score)
    implements Serializable {

  /** The image of a row of the table {@code index}, with a score. */
  static Answer of(Row row, float score) {
    String description = row.getAs("description");
    return new Answer(
        row.getAs("dataset"),
        row.getAs("category"),
        row.getAs("id"),
        row.getAs("location"),
        description == null ? "" : description,
        score);
  }

  ImageKey key() {
    return new ImageKey(dataset, category, id);
  }

  /** The first {@code k} of the answers from two parts of the index, best first. */
  static List<Answer> merge(List<Answer> some, List<Answer> others, int k) {
    Map<ImageKey, Answer> all = new HashMap<>();
    some.forEach(answer -> all.put(answer.key(), answer));
    others.forEach(answer -> all.put(answer.key(), answer));
    List<Answer> merged = new ArrayList<>(k);
    for (Hit hit : Hit.merge(List.of(hits(some), hits(others)), k)) {
      merged.add(all.get(hit.image()));
    }
    return merged;
  }

  private static List<Hit> hits(List<Answer> answers) {
    return answers.stream().map(answer -> new Hit(answer.key(), answer.score())).toList();
  }
}
