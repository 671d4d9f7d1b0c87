package dev.weft.ingest.wardrobe;

import java.util.List;

/** What is printed on the cloth. */
public enum Pattern {
  PLAIN,
  STRIPED,
  DOTTED,
  CHECKED;

  /** Words for a garment with it, as in "a striped dress". */
  List<String> adjectives() {
    return switch (this) {
      case PLAIN -> List.of("plain", "solid", "unpatterned");
      case STRIPED -> List.of("striped");
      case DOTTED -> List.of("dotted", "polka dot", "spotted");
      case CHECKED -> List.of("checked", "checkered", "plaid");
    };
  }

  /** Words for what such a garment has, as in "has stripes". */
  List<String> nouns() {
    return switch (this) {
      case PLAIN -> List.of("no pattern", "a plain fabric");
      case STRIPED -> List.of("stripes", "horizontal stripes");
      case DOTTED -> List.of("dots", "polka dots");
      case CHECKED -> List.of("checks", "a plaid pattern");
    };
  }
}
