package dev.weft.evaluate;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.ImageKey;
import dev.weft.rank.ExactSearch;
import dev.weft.rank.Gallery;
import dev.weft.rank.Hit;
import dev.weft.rank.Probe;
import dev.weft.rank.Ranking;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How well a dual encoder finds an image by the words that describe it.
 *
 * <p>Every gallery image with a description is a query: its text ranks the whole gallery. Right is
 * the image itself and every image with an equal description, because the words cannot tell them
 * apart; a query counts at K if any right image is among the first K. Images without a description
 * compete and are never right.
 */
public final class CrossModalRecall {
  private CrossModalRecall() {}

  /**
   * Text-to-image recall.
   *
   * @param gallery the images
   * @param descriptions image to description, for the images that have one; at least one
   * @param texts description to its unit vector, {@code [D]}
   * @param cutoffs the values of K
   * @return {@code R@K} to the share of queries, in [0, 1]
   */
  public static Map<String, Double> textToImage(
      Gallery gallery,
      Map<ImageKey, String> descriptions,
      Map<String, float[]> texts,
      List<Integer> cutoffs) {
    Map<String, Integer> queries = new TreeMap<>();
    descriptions.forEach(
        (image, description) -> {
          if (!gallery.contains(image)) {
            throw missing("the image " + image + " is described but not in the gallery");
          }
          if (!texts.containsKey(description)) {
            throw missing("there is no vector for the text '" + description + "' of " + image);
          }
          queries.merge(description, 1, Integer::sum);
        });
    if (queries.isEmpty()) {
      throw missing("no image of the gallery has a description");
    }
    // equal descriptions ask the same question: it is ranked once and counted for each
    List<Probe> probes = queries.keySet().stream().map(texts::get).map(Probe::of).toList();
    List<Ranking> rankings = ExactSearch.rank(gallery, probes, Collections.max(cutoffs));
    List<String> asked = new ArrayList<>(queries.keySet());
    Map<String, Double> recalls = new LinkedHashMap<>();
    for (int cutoff : cutoffs) {
      long found = 0;
      for (int i = 0; i < asked.size(); i++) {
        String description = asked.get(i);
        boolean right =
            rankings.get(i).hits().stream()
                .limit(cutoff)
                .map(Hit::image)
                .anyMatch(image -> description.equals(descriptions.get(image)));
        found += right ? queries.get(description) : 0;
      }
      recalls.put("R@" + cutoff, (double) found / descriptions.size());
    }
    return recalls;
  }

  private static WeftException missing(String what) {
    return new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot measure text-to-image recall: %s. Encode the images and their descriptions again,"
            + " or give ingest.datasets a file of descriptions.",
        what);
  }
}
