package dev.weft.ingest.wardrobe;

import java.util.Collections;
import java.util.Set;
import java.util.TreeSet;

/**
 * A text that changes one garment into another.
 *
 * @param text the words
 * @param mentioned the attributes it speaks of, never one that stays the same
 * @param determined those of them whose new value follows from this text and the reference alone;
 *     "is not striped" mentions the pattern without determining it
 * @param aspects how it asks
 */
public record RelativeCaption(
    String text, Set<Attribute> mentioned, Set<Attribute> determined, Set<Aspect> aspects) {

  public RelativeCaption {
    mentioned = sorted(mentioned);
    determined = sorted(determined);
    aspects = sorted(aspects);
  }

  /**
   * A copy in the order of the enum: that of a hash set changes from one Java process to the next.
   */
  private static <T extends Comparable<T>> Set<T> sorted(Set<T> values) {
    return Collections.unmodifiableSortedSet(new TreeSet<>(values));
  }
}
