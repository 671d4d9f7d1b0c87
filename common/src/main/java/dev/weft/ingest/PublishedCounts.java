package dev.weft.ingest;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The sizes of the published data sets, counted from their annotation files. A missing image
 * silently shrinks a gallery and raises the recall; comparing with these shows it.
 *
 * <p>Sources: github.com/XiaoxiaoGuo/fashion-iq ({@code captions}, {@code image_splits});
 * github.com/miccunifi/CIRCO ({@code annotations}; the gallery is COCO 2017's unlabeled images).
 */
public final class PublishedCounts {
  private static final Map<String, Map<String, Long>> PUBLISHED =
      Map.of("fashioniq", fashionIq(), "circo", circo());

  private PublishedCounts() {}

  /**
   * Compares a data set with its published counts.
   *
   * @param name name of the data set; only {@code fashioniq} and {@code circo} claim to be
   *     published ones and can fall short of them
   * @param counts what is there, as {@link Annotations#counts} names it
   */
  public static Cohort compare(String name, Map<String, Long> counts) {
    Map<String, Long> published = PUBLISHED.get(name);
    if (published == null) {
      return new Cohort(name, List.of(), counts);
    }
    List<String> reasons = new ArrayList<>();
    Map<String, Long> keys = new TreeMap<>(published);
    keys.putAll(counts);
    for (String key : keys.keySet()) {
      long found = counts.getOrDefault(key, 0L);
      long expected = published.getOrDefault(key, 0L);
      if (found != expected) {
        reasons.add(key + " is " + found + ", published " + expected);
      }
    }
    return new Cohort(name, reasons, counts);
  }

  private static Map<String, Long> fashionIq() {
    Map<String, Long> counts = new TreeMap<>();
    addFashionIq(counts, "train", new long[] {5_985, 5_988, 6_027, 11_452, 19_036, 16_121});
    addFashionIq(counts, "val", new long[] {2_017, 2_038, 1_961, 3_817, 6_346, 5_373});
    addFashionIq(counts, "test", new long[] {2_024, 2_038, 2_056, 3_818, 6_346, 5_374});
    return counts;
  }

  private static void addFashionIq(Map<String, Long> counts, String split, long[] sizes) {
    List<String> categories = List.of("dress", "shirt", "toptee");
    for (int i = 0; i < categories.size(); i++) {
      counts.put(Annotations.countKey("triplets", categories.get(i), split), sizes[i]);
      counts.put(Annotations.countKey("gallery", categories.get(i), split), sizes[3 + i]);
    }
  }

  private static Map<String, Long> circo() {
    return Map.of(
        "triplets/val",
        220L,
        "triplets/test",
        800L,
        "gallery/val",
        123_403L,
        "gallery/test",
        123_403L);
  }
}
