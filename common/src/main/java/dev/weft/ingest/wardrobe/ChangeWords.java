package dev.weft.ingest.wardrobe;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The ways to say that one attribute changes from its value in the reference to that in the target.
 *
 * <p>Every way is offered in three forms that captions are built of: a statement ("is red"), a
 * request ("make it red") and an addition to "the same but" ("in red").
 */
final class ChangeWords {
  private final Garment reference;
  private final Garment target;
  private final SplittableRandom random;

  private final List<Phrase> statements = new ArrayList<>();
  private final List<Phrase> hints = new ArrayList<>();
  private final List<Phrase> requests = new ArrayList<>();
  private final List<Phrase> additions = new ArrayList<>();

  /**
   * A piece of a caption.
   *
   * @param text its words
   * @param aspect how it asks
   */
  record Phrase(String text, Aspect aspect) {}

  ChangeWords(Attribute attribute, Garment reference, Garment target, SplittableRandom random) {
    this.reference = reference;
    this.target = target;
    this.random = random;
    switch (attribute) {
      case COLOUR -> colour();
      case PATTERN -> pattern();
      case SLEEVES -> sleeves();
      case LENGTH -> length();
      case NECKLINE -> neckline();
      case CUT -> cut();
    }
  }

  /** Predicates that determine the new value. */
  List<Phrase> statements() {
    return statements;
  }

  /** Predicates that are true but leave more than one new value; may be empty. */
  List<Phrase> hints() {
    return hints;
  }

  /** Imperatives that determine the new value. */
  List<Phrase> requests() {
    return requests;
  }

  /** What follows "the same but"; determines the new value. */
  List<Phrase> additions() {
    return additions;
  }

  private void colour() {
    String word = pick(target.colour().words());
    String old = pick(reference.colour().words());
    state("is " + word, Aspect.DIRECT_ADDRESSING);
    state("is " + word + " in color", Aspect.DIRECT_ADDRESSING);
    state("is " + word + " instead of " + old, Aspect.COMPARE_CHANGE);
    state("is not " + old + " but " + word, Aspect.NEGATION);
    hint("is not " + old, Aspect.NEGATION);
    hint("has a different color", Aspect.COMPARE_CHANGE);
    double lighter = target.colour().lightness() - reference.colour().lightness();
    // Only where anybody would agree.
    if (Math.abs(lighter) > 0.25) {
      hint(lighter > 0 ? "is lighter in color" : "is darker", Aspect.COMPARATIVE_STATEMENT);
    }
    request("make it " + word, Aspect.DIRECT_ADDRESSING);
    request("change the color to " + word, Aspect.COMPARE_CHANGE);
    request("turn it from " + old + " to " + word, Aspect.COMPARE_CHANGE);
    add("in " + word, Aspect.COMPARE_CHANGE);
    add("in " + Garment.article(word + " color"), Aspect.COMPARE_CHANGE);
  }

  private void pattern() {
    String adjective = pick(target.pattern().adjectives());
    String noun = pick(target.pattern().nouns());
    String oldAdjective = pick(reference.pattern().adjectives());
    String oldNoun = pick(reference.pattern().nouns());
    state("is " + adjective, Aspect.DIRECT_ADDRESSING);
    state("is " + adjective + " instead of " + oldAdjective, Aspect.COMPARE_CHANGE);
    state("is not " + oldAdjective + " but " + adjective, Aspect.NEGATION);
    hint("is not " + oldAdjective, Aspect.NEGATION);
    request("make it " + adjective, Aspect.DIRECT_ADDRESSING);
    if (target.pattern() == Pattern.PLAIN) {
      state("has no pattern", Aspect.NEGATION);
      hint("does not have " + oldNoun, Aspect.NEGATION);
      request("replace " + oldNoun + " with " + noun, Aspect.COMPARE_CHANGE);
      add("in a plain fabric", Aspect.COMPARE_CHANGE);
      add("without any pattern", Aspect.NEGATION);
      return;
    }
    state("has " + noun, Aspect.DIRECT_ADDRESSING);
    add("with " + noun, Aspect.COMPARE_CHANGE);
    add("in " + Garment.article(adjective + " fabric"), Aspect.COMPARE_CHANGE);
    if (reference.pattern() == Pattern.PLAIN) {
      state("has " + noun + " added", Aspect.ADDITION);
      request("add " + noun, Aspect.ADDITION);
      return;
    }
    hint("has a different pattern", Aspect.COMPARE_CHANGE);
    request("swap " + oldNoun + " for " + noun, Aspect.COMPARE_CHANGE);
  }

  private void sleeves() {
    String adjective = pick(target.sleeves().adjectives());
    String noun = pick(target.sleeves().nouns());
    String oldNoun = pick(reference.sleeves().nouns());
    boolean bare = target.sleeves() == Sleeves.NONE;
    state("is " + adjective, Aspect.DIRECT_ADDRESSING);
    state("has " + noun, bare ? Aspect.NEGATION : Aspect.DIRECT_ADDRESSING);
    state("has " + noun + " rather than " + oldNoun, Aspect.COMPARE_CHANGE);
    if (bare) {
      request("remove the sleeves", Aspect.NEGATION);
      request("make it " + adjective, Aspect.DIRECT_ADDRESSING);
      add("without sleeves", Aspect.NEGATION);
      add("with bare arms", Aspect.COMPARE_CHANGE);
      if (reference.sleeves() == Sleeves.LONG) {
        hint("does not have long sleeves", Aspect.NEGATION);
      }
      return;
    }
    request("give it " + noun, Aspect.DIRECT_ADDRESSING);
    add("with " + noun, Aspect.COMPARE_CHANGE);
    if (reference.sleeves() == Sleeves.NONE) {
      hint("is not sleeveless", Aspect.NEGATION);
      hint("has longer sleeves", Aspect.COMPARATIVE_STATEMENT);
      request("add " + noun, Aspect.ADDITION);
      return;
    }
    // Between short and long, more or less sleeve leaves one answer.
    String comparison = target.sleeves() == Sleeves.LONG ? "longer" : "shorter";
    state("has " + comparison + " sleeves", Aspect.COMPARATIVE_STATEMENT);
    request("make the sleeves " + comparison, Aspect.COMPARATIVE_STATEMENT);
    add("with " + comparison + " sleeves", Aspect.COMPARATIVE_STATEMENT);
  }

  private void length() {
    boolean longer = target.length() == Length.LONG;
    String word = pick(target.length().adjectives(target.category()));
    String old = pick(reference.length().adjectives(reference.category()));
    String comparison = longer ? "longer" : "shorter";
    state("is " + comparison, Aspect.COMPARATIVE_STATEMENT);
    state("is " + word + " in length", Aspect.DIRECT_ADDRESSING);
    state("has a " + comparison + " hem", Aspect.COMPARATIVE_STATEMENT);
    state("is not as " + (longer ? "short" : "long"), Aspect.NEGATION);
    state("is " + word + " instead of " + old, Aspect.COMPARE_CHANGE);
    request("make it " + comparison, Aspect.COMPARATIVE_STATEMENT);
    request((longer ? "lengthen" : "shorten") + " it", Aspect.COMPARATIVE_STATEMENT);
    add("in a " + word + " length", Aspect.COMPARE_CHANGE);
    add("with a " + comparison + " hem", Aspect.COMPARATIVE_STATEMENT);
  }

  private void neckline() {
    String noun = Garment.article(pick(target.neckline().nouns()));
    String old = Garment.article(pick(reference.neckline().nouns()));
    state("has " + noun, Aspect.DIRECT_ADDRESSING);
    state("has " + noun + " instead of " + old, Aspect.COMPARE_CHANGE);
    state("does not have " + old + " but " + noun, Aspect.NEGATION);
    hint("has a different neckline", Aspect.COMPARE_CHANGE);
    request("give it " + noun, Aspect.DIRECT_ADDRESSING);
    request("change the neck to " + noun, Aspect.COMPARE_CHANGE);
    add("with " + noun, Aspect.COMPARE_CHANGE);
  }

  private void cut() {
    String word = pick(target.cut().adjectives());
    String old = pick(reference.cut().adjectives());
    state("is " + word, Aspect.DIRECT_ADDRESSING);
    state("has " + Garment.article(word + " shape"), Aspect.DIRECT_ADDRESSING);
    state("is " + word + " rather than " + old, Aspect.COMPARE_CHANGE);
    state("is not " + old + " but " + word, Aspect.NEGATION);
    hint("is not " + old, Aspect.NEGATION);
    if (target.cut() == Cut.FITTED) {
      hint("is tighter", Aspect.COMPARATIVE_STATEMENT);
    } else if (reference.cut() == Cut.FITTED) {
      hint("is looser", Aspect.COMPARATIVE_STATEMENT);
    }
    request("make it " + word, Aspect.DIRECT_ADDRESSING);
    request("give it " + Garment.article(word + " shape"), Aspect.DIRECT_ADDRESSING);
    add("in " + Garment.article(word + " cut"), Aspect.COMPARE_CHANGE);
    add("with " + Garment.article(word + " shape"), Aspect.COMPARE_CHANGE);
  }

  private void state(String text, Aspect aspect) {
    statements.add(new Phrase(text, aspect));
  }

  private void hint(String text, Aspect aspect) {
    hints.add(new Phrase(text, aspect));
  }

  private void request(String text, Aspect aspect) {
    requests.add(new Phrase(text, aspect));
  }

  private void add(String text, Aspect aspect) {
    additions.add(new Phrase(text, aspect));
  }

  private String pick(List<String> words) {
    return Chance.pick(words, random);
  }
}
