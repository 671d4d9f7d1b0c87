package dev.weft.ingest.wardrobe;

import java.util.List;
import java.util.Locale;

/** What kind of garment it is: the three categories of FashionIQ, in its order. */
public enum Category {
  DRESS,
  SHIRT,
  TOPTEE;

  /** The name in file names, such as {@code toptee}. */
  public String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** What people call it, the plainest word first. */
  List<String> nouns() {
    return switch (this) {
      case DRESS -> List.of("dress", "frock");
      case SHIRT -> List.of("shirt", "button-up shirt");
      case TOPTEE -> List.of("top", "tee");
    };
  }

  /** The share of this category when a number of things is spread evenly over all of them. */
  int shareOf(int total) {
    List<Category> all = List.of(values());
    return total / all.size() + (all.indexOf(this) < total % all.size() ? 1 : 0);
  }
}
