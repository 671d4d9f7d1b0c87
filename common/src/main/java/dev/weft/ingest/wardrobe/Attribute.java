package dev.weft.ingest.wardrobe;

/** What can differ between two garments of a category. */
public enum Attribute {
  COLOUR(Colour.values().length),
  PATTERN(Pattern.values().length),
  SLEEVES(Sleeves.values().length),
  LENGTH(Length.values().length),
  NECKLINE(Neckline.values().length),
  CUT(Cut.values().length);

  private final int choices;

  Attribute(int choices) {
    this.choices = choices;
  }

  /** How many values it can take. */
  int choices() {
    return choices;
  }
}
