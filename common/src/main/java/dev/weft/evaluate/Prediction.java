package dev.weft.evaluate;

import java.util.List;

/**
 * What some system answered to one query: an entry of a {@link PredictionFile}.
 *
 * @param category category within the data set, empty where it has none
 * @param query id of the query
 * @param ranking image ids, best first
 * @param subset the image group of the reference, best first (CIRR); empty where it is not ranked
 * @param submission whether it comes from a file in a server's form, whose lengths are fixed
 * @param place where it stands, such as {@code predictions.jsonl, line 3}
 */
public record Prediction(
    String category,
    String query,
    List<String> ranking,
    List<String> subset,
    boolean submission,
    String place) {

  public Prediction {
    ranking = List.copyOf(ranking);
    subset = List.copyOf(subset);
  }

  /** The query in the words of a message, such as {@code query dress/17}. */
  String name() {
    return name(category, query);
  }

  /** As {@link #name()}, of any query. */
  static String name(String category, String query) {
    return "query " + (category.isEmpty() ? "" : category + "/") + query;
  }
}
