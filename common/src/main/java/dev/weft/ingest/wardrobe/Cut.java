package dev.weft.ingest.wardrobe;

import java.util.List;

/** The silhouette, from the tightest. */
public enum Cut {
  FITTED,
  STRAIGHT,
  FLARED;

  /** Words for a garment of that cut, the plainest first. */
  List<String> adjectives() {
    return switch (this) {
      case FITTED -> List.of("fitted", "slim", "figure-hugging");
      case STRAIGHT -> List.of("straight", "straight-cut");
      case FLARED -> List.of("flared", "a-line", "swingy");
    };
  }
}
