package dev.weft.ingest.wardrobe;

import dev.weft.ingest.wardrobe.ChangeWords.Phrase;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;

/**
 * Writes what must change to come from a reference garment to a target garment.
 *
 * <p>The new value of every attribute that differs follows from the captions and the reference;
 * what they do not mention stays as it is. Two calls with equal garments and equal generators give
 * equal texts.
 */
public final class CaptionWriter {
  /** How often a caption of a pair also speaks of what the other one already determines. */
  private static final double REPEATED = 0.3;

  /** How often such a repetition is only a hint, such as "is not striped". */
  private static final double HINTED = 0.4;

  private CaptionWriter() {}

  /**
   * Two captions as two annotators of FashionIQ would write them. Together they determine the
   * target.
   *
   * @param reference the garment the buyer looks at
   * @param target another garment of its category
   * @param random chooses the words and who says what
   */
  public static List<RelativeCaption> pair(
      Garment reference, Garment target, SplittableRandom random) {
    List<Attribute> changes = changes(reference, target, random);
    int divide = changes.size() == 1 ? 1 : 1 + random.nextInt(changes.size() - 1);
    List<Attribute> mine = changes.subList(0, divide);
    List<Attribute> yours = changes.subList(divide, changes.size());
    boolean repeat = yours.isEmpty() || random.nextDouble() < REPEATED;
    List<Attribute> repeated = repeat ? List.of(mine.get(random.nextInt(mine.size()))) : List.of();
    RelativeCaption one = write(new Change(reference, target), mine, List.of(), random);
    RelativeCaption other;
    do {
      other = write(new Change(reference, target), yours, repeated, random);
    } while (other.text().equals(one.text()));
    return random.nextBoolean() ? List.of(one, other) : List.of(other, one);
  }

  /**
   * One statement as in CIRCO, to be read after "a garment that". It determines the target.
   *
   * @param reference the garment the query shows
   * @param target another garment of its category
   * @param random chooses the words
   */
  public static RelativeCaption statement(
      Garment reference, Garment target, SplittableRandom random) {
    return state(
        new Change(reference, target), changes(reference, target, random), Set.of(), random);
  }

  /** From which garment to which. */
  private record Change(Garment reference, Garment target) {
    ChangeWords words(Attribute attribute, SplittableRandom random) {
      return new ChangeWords(attribute, reference, target, random);
    }
  }

  private static List<Attribute> changes(
      Garment reference, Garment target, SplittableRandom random) {
    if (reference.category() != target.category() || reference.equals(target)) {
      throw new IllegalArgumentException(
          "captions need two different garments of one category: " + reference + ", " + target);
    }
    List<Attribute> changes = new ArrayList<>(reference.differences(target));
    for (int last = changes.size() - 1; last > 0; last--) {
      Collections.swap(changes, last, random.nextInt(last + 1));
    }
    return changes;
  }

  private static RelativeCaption write(
      Change change,
      List<Attribute> attributes,
      List<Attribute> repeated,
      SplittableRandom random) {
    List<Attribute> all = new ArrayList<>(attributes);
    all.addAll(repeated);
    double form = random.nextDouble();
    if (form < 0.5) {
      boolean hinted = random.nextDouble() < HINTED;
      return state(change, all, hinted ? repeated : List.of(), random);
    }
    List<Phrase> phrases = new ArrayList<>();
    if (form < 0.75) {
      all.forEach(a -> phrases.add(Chance.pick(change.words(a, random).requests(), random)));
      return caption(Garment.enumerate(texts(phrases)), all, all, phrases);
    }
    all.forEach(a -> phrases.add(Chance.pick(change.words(a, random).additions(), random)));
    String noun = Chance.pick(change.target().category().nouns(), random);
    List<String> openings =
        List.of("same but ", "the same but ", "the same " + noun + " but ", "like this one but ");
    String text = Chance.pick(openings, random) + Garment.enumerate(texts(phrases));
    return caption(text, all, all, phrases);
  }

  private static RelativeCaption state(
      Change change,
      List<Attribute> attributes,
      Collection<Attribute> hinted,
      SplittableRandom random) {
    List<Phrase> phrases = new ArrayList<>();
    Set<Attribute> determined = EnumSet.noneOf(Attribute.class);
    for (Attribute attribute : attributes) {
      ChangeWords words = change.words(attribute, random);
      if (hinted.contains(attribute) && !words.hints().isEmpty()) {
        phrases.add(Chance.pick(words.hints(), random));
      } else {
        phrases.add(Chance.pick(words.statements(), random));
        determined.add(attribute);
      }
    }
    List<String> texts = texts(phrases);
    // "is red and is striped" reads as a list; now and then people say "is red and striped".
    if (texts.size() == 2 && random.nextBoolean() && texts.stream().allMatch(CaptionWriter::bare)) {
      texts.set(1, texts.get(1).substring("is ".length()));
    }
    return caption(Garment.enumerate(texts), attributes, determined, phrases);
  }

  /** Whether a statement is "is" and one word, so that the next can do without its "is". */
  private static boolean bare(String statement) {
    return statement.startsWith("is ") && statement.indexOf(' ', 3) < 0;
  }

  private static List<String> texts(List<Phrase> phrases) {
    List<String> texts = new ArrayList<>();
    phrases.forEach(phrase -> texts.add(phrase.text()));
    return texts;
  }

  private static RelativeCaption caption(
      String text,
      Collection<Attribute> mentioned,
      Collection<Attribute> determined,
      List<Phrase> phrases) {
    Set<Aspect> aspects = EnumSet.noneOf(Aspect.class);
    phrases.forEach(phrase -> aspects.add(phrase.aspect()));
    if (phrases.size() > 1) {
      aspects.add(Aspect.STATEMENT_WITH_CONJUNCTION);
    }
    return new RelativeCaption(text, Set.copyOf(mentioned), Set.copyOf(determined), aspects);
  }
}
