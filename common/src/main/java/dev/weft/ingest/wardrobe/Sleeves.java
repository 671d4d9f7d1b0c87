package dev.weft.ingest.wardrobe;

import java.util.List;

/** How long the sleeves are, from the shortest. */
public enum Sleeves {
  NONE,
  SHORT,
  LONG;

  /** Words for a garment with them, as in "a sleeveless dress". */
  List<String> adjectives() {
    return switch (this) {
      case NONE -> List.of("sleeveless");
      case SHORT -> List.of("short-sleeved");
      case LONG -> List.of("long-sleeved");
    };
  }

  /** Words for what such a garment has, as in "has no sleeves". */
  List<String> nouns() {
    return switch (this) {
      case NONE -> List.of("no sleeves", "bare arms");
      case SHORT -> List.of("short sleeves", "half sleeves");
      case LONG -> List.of("long sleeves", "full-length sleeves");
    };
  }
}
