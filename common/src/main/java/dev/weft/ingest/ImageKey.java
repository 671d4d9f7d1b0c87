package dev.weft.ingest;

import java.util.Comparator;

/**
 * Names an image. FashionIQ's shirt and toptee share ids, so the category is part of the key.
 *
 * <p>The natural order, which breaks every tie of a ranking, is by id, then category, then data
 * set, each compared by Unicode code point, which is also the order of their UTF-8 bytes and of
 * Spark's strings.
 *
 * @param dataset name of the data set
 * @param category category within the data set, empty where it has none
 * @param id the id the annotations use, unique within the category
 */
public record ImageKey(String dataset, String category, String id) implements Comparable<ImageKey> {
  private static final Comparator<ImageKey> ORDER =
      Comparator.comparing(ImageKey::id, ImageKey::compareCodePoints)
          .thenComparing(ImageKey::category, ImageKey::compareCodePoints)
          .thenComparing(ImageKey::dataset, ImageKey::compareCodePoints);

  @Override
  public int compareTo(ImageKey other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return category.isEmpty() ? dataset + "/" + id : dataset + "/" + category + "/" + id;
  }

  /**
   * Compares by code point. {@link String#compareTo} compares UTF-16 units, which puts a character
   * beyond U+FFFF before U+E000.
   */
  private static int compareCodePoints(String a, String b) {
    int length = Math.min(a.length(), b.length());
    for (int i = 0; i < length; i++) {
      char left = a.charAt(i);
      char right = b.charAt(i);
      if (left != right) {
        boolean oneIsSurrogate = Character.isSurrogate(left) != Character.isSurrogate(right);
        return oneIsSurrogate
            ? Boolean.compare(Character.isSurrogate(left), Character.isSurrogate(right))
            : Character.compare(left, right);
      }
    }
    return Integer.compare(a.length(), b.length());
  }
}
