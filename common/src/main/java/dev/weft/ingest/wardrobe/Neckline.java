package dev.weft.ingest.wardrobe;

import java.util.List;

/** How the neck is cut. */
public enum Neckline {
  ROUND,
  V;

  /** Its names without an article, the plainest first. */
  List<String> nouns() {
    return switch (this) {
      case ROUND -> List.of("round neck", "crew neck", "rounded neckline");
      case V -> List.of("v-neck", "v-shaped neckline");
    };
  }
}
