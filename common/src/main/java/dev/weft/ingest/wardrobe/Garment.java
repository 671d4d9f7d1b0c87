package dev.weft.ingest.wardrobe;

import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * One garment by its attributes: what the pictures show and the captions speak of.
 *
 * <p>Within a category every combination of attributes has a code in [0, {@link #COMBINATIONS}).
 *
 * @param category dress, shirt or toptee
 * @param colour main colour
 * @param pattern what is printed on it
 * @param sleeves how long they are
 * @param length where the hem ends
 * @param neckline how the neck is cut
 * @param cut the silhouette
 */
public record Garment(
    Category category,
    Colour colour,
    Pattern pattern,
    Sleeves sleeves,
    Length length,
    Neckline neckline,
    Cut cut) {

  /** Combinations of attributes in a category. */
  public static final int COMBINATIONS = combinations();

  /** The garment of a category with the given code, in [0, {@link #COMBINATIONS}). */
  @SuppressWarnings("EnumOrdinal") // the code is made of the order of declaration
  public static Garment of(Category category, int code) {
    Map<Attribute, Integer> choices = new EnumMap<>(Attribute.class);
    int rest = code;
    for (Attribute attribute : Attribute.values()) {
      choices.put(attribute, rest % attribute.choices());
      rest /= attribute.choices();
    }
    return new Garment(
        category,
        Colour.values()[choices.get(Attribute.COLOUR)],
        Pattern.values()[choices.get(Attribute.PATTERN)],
        Sleeves.values()[choices.get(Attribute.SLEEVES)],
        Length.values()[choices.get(Attribute.LENGTH)],
        Neckline.values()[choices.get(Attribute.NECKLINE)],
        Cut.values()[choices.get(Attribute.CUT)]);
  }

  /** The code of its attributes; garments of a category with one code are equal. */
  @SuppressWarnings("EnumOrdinal") // the code is made of the order of declaration
  public int code() {
    int code = 0;
    int radix = 1;
    for (Attribute attribute : Attribute.values()) {
      code += value(attribute).ordinal() * radix;
      radix *= attribute.choices();
    }
    return code;
  }

  /** Its value of an attribute. */
  public Enum<?> value(Attribute attribute) {
    return switch (attribute) {
      case COLOUR -> colour;
      case PATTERN -> pattern;
      case SLEEVES -> sleeves;
      case LENGTH -> length;
      case NECKLINE -> neckline;
      case CUT -> cut;
    };
  }

  /** The attributes in which this garment and another of its category differ. */
  public Set<Attribute> differences(Garment other) {
    Set<Attribute> differences = EnumSet.noneOf(Attribute.class);
    for (Attribute attribute : Attribute.values()) {
      if (value(attribute) != other.value(attribute)) {
        differences.add(attribute);
      }
    }
    return differences;
  }

  /** In how many attributes two codes of a category differ. */
  static int distance(int code, int other) {
    int distance = 0;
    int left = code;
    int right = other;
    for (Attribute attribute : Attribute.values()) {
      if (left % attribute.choices() != right % attribute.choices()) {
        distance++;
      }
      left /= attribute.choices();
      right /= attribute.choices();
    }
    return distance;
  }

  /**
   * Says in plain English what it is, every attribute named, such as "a long red striped dress with
   * short sleeves, a v-neck and a flared cut". Words and order vary with {@code random}.
   */
  public String describe(SplittableRandom random) {
    return describe(EnumSet.allOf(Attribute.class), random);
  }

  /** As above, naming only some of the attributes. */
  public String describe(Set<Attribute> named, SplittableRandom random) {
    List<String> adjectives = new ArrayList<>();
    List<String> features = new ArrayList<>();
    if (named.contains(Attribute.LENGTH)) {
      adjectives.add(Chance.pick(length.adjectives(category), random));
    }
    if (named.contains(Attribute.COLOUR)) {
      adjectives.add(Chance.pick(colour.words(), random));
    }
    if (named.contains(Attribute.PATTERN)) {
      place(pattern.adjectives(), pattern.nouns(), adjectives, features, random);
    }
    if (named.contains(Attribute.CUT)) {
      String cutWord = Chance.pick(cut.adjectives(), random);
      place(List.of(cutWord), List.of(article(cutWord + " shape")), adjectives, features, random);
    }
    if (named.contains(Attribute.SLEEVES)) {
      place(sleeves.adjectives(), sleeves.nouns(), adjectives, features, random);
    }
    if (named.contains(Attribute.NECKLINE)) {
      features.add(article(Chance.pick(neckline.nouns(), random)));
    }
    Collections.rotate(adjectives, random.nextInt(Math.max(1, adjectives.size())));
    Collections.rotate(features, random.nextInt(Math.max(1, features.size())));
    adjectives.add(Chance.pick(category.nouns(), random));
    String noun = article(String.join(" ", adjectives));
    return features.isEmpty() ? noun : noun + " with " + enumerate(features);
  }

  /** Puts "a" or "an" before a phrase. */
  static String article(String phrase) {
    return ("aeiou".indexOf(phrase.charAt(0)) >= 0 ? "an " : "a ") + phrase;
  }

  /** Joins phrases as speech does: "one, two and three". */
  static String enumerate(List<String> phrases) {
    int last = phrases.size() - 1;
    if (last == 0) {
      return phrases.get(0);
    }
    return String.join(", ", phrases.subList(0, last)) + " and " + phrases.get(last);
  }

  private static void place(
      List<String> adjective,
      List<String> feature,
      List<String> adjectives,
      List<String> features,
      SplittableRandom random) {
    if (random.nextBoolean()) {
      adjectives.add(Chance.pick(adjective, random));
      return;
    }
    features.add(Chance.pick(feature, random));
  }

  private static int combinations() {
    int product = 1;
    for (Attribute attribute : Attribute.values()) {
      product *= attribute.choices();
    }
    return product;
  }
}
