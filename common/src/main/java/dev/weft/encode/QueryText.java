package dev.weft.encode;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/**
 * The one text that is encoded for the captions of a triplet.
 *
 * <p>Several captions are joined as CLIP4Cir does for FashionIQ: full stops, question marks, commas
 * and spaces are stripped from both ends of each, the first begins with a capital and goes on in
 * small letters, and " and " stands between. A single caption (CIRCO, CIRR) stays as it is written.
 *
 * <p>Source: Baldrati et al., CVPR Workshops 2022, released code, {@code validate.py} and {@code
 * utils.py}.
 */
public final class QueryText {
  private static final String EDGES = ".?, ";

  private QueryText() {}

  /**
   * Joins captions.
   *
   * @param captions as written; empty ones are skipped
   * @return the text; empty if every caption is
   */
  public static String of(List<String> captions, CaptionForm form) {
    if (captions.size() == 1) {
      return captions.get(0);
    }
    List<String> chosen = new ArrayList<>();
    for (String caption : captions) {
      String stripped = strip(caption);
      if (!stripped.isEmpty()) {
        chosen.add(stripped);
      }
    }
    if (chosen.isEmpty()) {
      return "";
    }
    switch (form) {
      case FIRST_AND_SECOND, COMMA_AND -> {}
      case SECOND_AND_FIRST -> Collections.reverse(chosen);
      case FIRST -> chosen.subList(1, chosen.size()).clear();
      case SECOND -> chosen.subList(0, chosen.size() - 1).clear();
    }
    chosen.set(0, capitalize(chosen.get(0)));
    return String.join(form == CaptionForm.COMMA_AND ? ", and " : " and ", chosen);
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

  /** As Python's {@code str.capitalize}: what follows the first letter becomes small. */
  private static String capitalize(String text) {
    int second = text.offsetByCodePoints(0, 1);
    return Character.toString(Character.toTitleCase(text.codePointAt(0)))
        + text.substring(second).toLowerCase(Locale.ROOT);
  }
}
