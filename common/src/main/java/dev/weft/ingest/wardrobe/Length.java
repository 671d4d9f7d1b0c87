package dev.weft.ingest.wardrobe;

import java.util.List;

/** Where the hem ends. */
public enum Length {
  SHORT,
  LONG;

  /** Words for a garment of that length, the plainest first. */
  List<String> adjectives(Category category) {
    boolean dress = category == Category.DRESS;
    return switch (this) {
      case SHORT -> List.of("short", dress ? "mini" : "cropped");
      case LONG -> List.of("long", dress ? "maxi" : "tunic-length");
    };
  }
}
