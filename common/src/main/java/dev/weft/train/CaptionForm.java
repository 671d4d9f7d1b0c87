package dev.weft.train;

import java.util.List;
import java.util.Locale;

/**
 * How the captions of a triplet become one sentence; {@code train.caption-forms} lists the forms
 * that training draws from.
 *
 * <p>Full stops, question marks, commas and blanks around a caption are dropped, the first letter
 * of the sentence becomes a capital, and two captions are joined by " and ". Source: the released
 * training code of Baldrati et al., CVPR Workshops 2022 (CLIP4Cir), which draws one of the four
 * forms per row. A triplet with one caption has the same sentence in every form; a third caption
 * and those after it follow the second.
 */
public enum CaptionForm {
  /** "First and second". */
  FORWARD,
  /** "Second and first". */
  REVERSE,
  /** "First". */
  FIRST,
  /** "Second": the last caption. */
  SECOND;

  private static final String EDGES = ".?, \t";

  /**
   * The sentence.
   *
   * @param captions the captions as written, at least one; blank ones are left out
   */
  public String sentence(List<String> captions) {
    List<String> stripped =
        captions.stream().map(CaptionForm::strip).filter(caption -> !caption.isEmpty()).toList();
    if (stripped.isEmpty()) {
      return "";
    }
    String first = stripped.get(0);
    String second = stripped.get(stripped.size() - 1);
    return switch (this) {
      case FORWARD -> capitalize(String.join(" and ", stripped));
      case REVERSE -> capitalize(stripped.size() == 1 ? first : reversed(stripped));
      case FIRST -> capitalize(first);
      case SECOND -> capitalize(second);
    };
  }

  private static String reversed(List<String> captions) {
    StringBuilder joined = new StringBuilder(captions.get(captions.size() - 1));
    for (int i = captions.size() - 2; i >= 0; i--) {
      joined.append(" and ").append(captions.get(i));
    }
    return joined.toString();
  }

  private static String strip(String caption) {
    int from = 0;
    int to = caption.length();
    while (from < to && EDGES.indexOf(caption.charAt(from)) >= 0) {
      from++;
    }
    while (to > from && EDGES.indexOf(caption.charAt(to - 1)) >= 0) {
      to--;
    }
    return caption.substring(from, to);
  }

  private static String capitalize(String sentence) {
    int first = sentence.offsetByCodePoints(0, 1);
    return sentence.substring(0, first).toUpperCase(Locale.ROOT) + sentence.substring(first);
  }
}
