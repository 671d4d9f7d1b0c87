package dev.weft.ingest.wardrobe;

import java.awt.Color;
import java.util.List;

/** The main colour of a garment. */
public enum Colour {
  RED(0xC8202F),
  BLUE(0x2450B4),
  GREEN(0x2E8B45),
  YELLOW(0xF2CF2B),
  BLACK(0x242427),
  WHITE(0xF8F7F4),
  PINK(0xF09ABB),
  PURPLE(0x7A3FA0),
  ORANGE(0xEE7D22),
  GREY(0x8E9196);

  private final int rgb;

  Colour(int rgb) {
    this.rgb = rgb;
  }

  /** Its paint before shading and noise, sRGB. */
  Color paint() {
    return new Color(rgb);
  }

  /** Its names, the plainest first. */
  List<String> words() {
    return switch (this) {
      case RED -> List.of("red", "crimson", "scarlet");
      case BLUE -> List.of("blue", "navy", "cobalt");
      case GREEN -> List.of("green", "emerald");
      case YELLOW -> List.of("yellow", "lemon");
      case BLACK -> List.of("black", "jet black");
      case WHITE -> List.of("white", "ivory");
      case PINK -> List.of("pink", "rose");
      case PURPLE -> List.of("purple", "violet");
      case ORANGE -> List.of("orange", "tangerine");
      case GREY -> List.of("gray", "silver");
    };
  }

  /** How light it is, 0 to 1: the luma of ITU-R BT.601. */
  double lightness() {
    Color paint = paint();
    return (0.299 * paint.getRed() + 0.587 * paint.getGreen() + 0.114 * paint.getBlue()) / 255;
  }
}
