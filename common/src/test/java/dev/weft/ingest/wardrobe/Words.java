package dev.weft.ingest.wardrobe;

import java.util.List;

/**
 * The words a reader would take for a value of an attribute, written down apart from the writer.
 */
final class Words {
  private Words() {}

  static List<String> of(Garment garment, Attribute attribute) {
    return switch (attribute) {
      case COLOUR -> colour(garment.colour());
      case PATTERN ->
          switch (garment.pattern()) {
            case PLAIN -> List.of("plain", "solid", "unpatterned", "no pattern", "any pattern");
            case STRIPED -> List.of("stripe");
            case DOTTED -> List.of("dot", "spotted");
            case CHECKED -> List.of("check", "plaid");
          };
      case SLEEVES ->
          switch (garment.sleeves()) {
            case NONE ->
                List.of(
                    "sleeveless", "no sleeves", "without sleeves", "bare arms", "remove the sl");
            case SHORT -> List.of("short-sleeved", "short sleeves", "half sleeves", "shorter");
            case LONG -> List.of("long-sleeved", "long sleeves", "full-length sleeves", "longer");
          };
      case LENGTH ->
          switch (garment.length()) {
            case SHORT -> List.of("short", "mini", "cropped", "not as long");
            case LONG -> List.of("long", "maxi", "tunic-length", "lengthen", "not as short");
          };
      case NECKLINE ->
          switch (garment.neckline()) {
            case ROUND -> List.of("round neck", "crew neck", "rounded neckline");
            case V -> List.of("v-neck", "v-shaped neckline");
          };
      case CUT ->
          switch (garment.cut()) {
            case FITTED -> List.of("fitted", "slim", "figure-hugging");
            case STRAIGHT -> List.of("straight");
            case FLARED -> List.of("flared", "a-line", "swingy");
          };
    };
  }

  private static List<String> colour(Colour colour) {
    return switch (colour) {
      case RED -> List.of("red", "crimson", "scarlet");
      case BLUE -> List.of("blue", "navy", "cobalt");
      case GREEN -> List.of("green", "emerald");
      case YELLOW -> List.of("yellow", "lemon");
      case BLACK -> List.of("black");
      case WHITE -> List.of("white", "ivory");
      case PINK -> List.of("pink", "rose");
      case PURPLE -> List.of("purple", "violet");
      case ORANGE -> List.of("orange", "tangerine");
      case GREY -> List.of("gray", "silver");
    };
  }
}
