package dev.weft.ingest;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One entry of an annotation file, read with a check of every value.
 *
 * @param file URI of the file
 * @param place where in the file, in words
 * @param name the key of the entry in an object, its zero-based number in an array, its line number
 *     in a file of lines
 * @param json the value
 */
record Entry(String file, String place, String name, JsonNode json) {
  /** The longest published caption has a few hundred characters. */
  private static final int LONGEST_CAPTION = 10_000;

  private static final int LONGEST_ID = 255;
  private static final int SHOWN = 80;

  /** The entry itself as an object, or a complaint. */
  Entry object() {
    if (!json.isObject()) {
      throw wrongType("the entry", "an object", json);
    }
    return this;
  }

  boolean has(String key) {
    return json.hasNonNull(key);
  }

  Entry child(String key) {
    return new Entry(file, place, key, required(key)).object();
  }

  String text(String key) {
    return text(key, required(key));
  }

  Optional<String> optionalText(String key) {
    return has(key) ? Optional.of(text(key)) : Optional.empty();
  }

  List<String> texts(String key) {
    List<String> texts = new ArrayList<>();
    for (JsonNode element : list(key)) {
      texts.add(text(key, element));
    }
    return texts;
  }

  List<String> optionalTexts(String key) {
    return has(key) ? texts(key) : List.of();
  }

  /** The entry itself as an id that is a file name. */
  String id() {
    return safeId("the entry", text("the entry", json));
  }

  /** An id that is a file name. */
  String id(String key) {
    return safeId(key, text(key));
  }

  List<String> ids(String key) {
    return texts(key).stream().map(id -> safeId(key, id)).toList();
  }

  /** The entry itself as a path below the images folder. */
  String path() {
    return safePath("the entry", text("the entry", json));
  }

  /** A path below the images folder, without a leading {@code ./}. */
  String path(String key) {
    return safePath(key, text(key));
  }

  List<String> paths(String key) {
    return texts(key).stream().map(path -> safePath(key, path)).toList();
  }

  /** A whole number, as text without leading zeros: COCO ids, pair ids. */
  String number(String key) {
    return number(key, required(key));
  }

  List<String> numbers(String key) {
    List<String> numbers = new ArrayList<>();
    for (JsonNode element : list(key)) {
      numbers.add(number(key, element));
    }
    return numbers;
  }

  /** One caption under a key of its own, with text. */
  List<String> caption(String key) {
    return withText(key, List.of(text(key)));
  }

  /** Captions of which at least one has text. */
  List<String> captions(String key) {
    return withText(key, texts(key));
  }

  private static List<String> withText(String key, List<String> captions) {
    if (captions.stream().allMatch(String::isBlank)) {
      throw new BadEntryException(
          Reason.EMPTY_CAPTION, captions.isEmpty() ? key + " is an empty list" : key + " is blank");
    }
    for (String caption : captions) {
      if (caption.length() > LONGEST_CAPTION) {
        throw new BadEntryException(
            Reason.TOO_LONG_CAPTION,
            key + " has " + caption.length() + " characters, at most " + LONGEST_CAPTION);
      }
    }
    return captions;
  }

  private JsonNode required(String key) {
    JsonNode value = json.get(key);
    if (value == null || value.isNull()) {
      throw new BadEntryException(Reason.MISSING_KEY, key + " is missing");
    }
    return value;
  }

  private JsonNode list(String key) {
    JsonNode value = required(key);
    if (!value.isArray()) {
      throw wrongType(key, "a list", value);
    }
    return value;
  }

  private static String text(String key, JsonNode value) {
    if (!value.isTextual()) {
      throw wrongType(key, "text", value);
    }
    String text = value.textValue();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isHighSurrogate(c)
          && i + 1 < text.length()
          && Character.isLowSurrogate(text.charAt(i + 1))) {
        i++;
      } else if (Character.isSurrogate(c)) { // AnnotationFile decodes a bad byte to one
        throw new BadEntryException(
            Reason.INVALID_UTF8, key + " has no valid character at position " + i);
      }
    }
    return text;
  }

  private static String number(String key, JsonNode value) {
    if (value.isTextual() && value.textValue().matches("[0-9]{1,18}")) {
      return Long.toString(Long.parseLong(value.textValue()));
    }
    if (!value.isIntegralNumber() || !value.canConvertToLong() || value.longValue() < 0) {
      throw wrongType(key, "a whole number of at least 0", value);
    }
    return Long.toString(value.longValue());
  }

  private static String safeId(String key, String id) {
    if (id.indexOf('/') >= 0) {
      throw unsafe(key, id, "has a slash");
    }
    return safePart(key, id, id);
  }

  private static String safePath(String key, String path) {
    String relative = path.startsWith("./") ? path.substring(2) : path;
    for (String part : relative.split("/", -1)) {
      safePart(key, path, part);
    }
    return relative;
  }

  private static String safePart(String key, String whole, String part) {
    if (part.isBlank()) {
      throw unsafe(key, whole, "has an empty part");
    }
    if (part.equals(".") || part.equals("..")) {
      throw unsafe(key, whole, "climbs folders");
    }
    if (part.indexOf('\\') >= 0 || part.indexOf(':') >= 0) { // Hadoop paths cannot hold a colon
      throw unsafe(key, whole, "has a backslash or a colon");
    }
    if (part.chars().anyMatch(Character::isISOControl)) {
      throw unsafe(key, whole, "has a control character");
    }
    if (part.length() > LONGEST_ID) {
      throw unsafe(key, whole, "is longer than " + LONGEST_ID + " characters");
    }
    return part;
  }

  private static BadEntryException unsafe(String key, String id, String why) {
    return new BadEntryException(Reason.UNSAFE_ID, key + " '" + shown(id) + "' " + why);
  }

  private static BadEntryException wrongType(String key, String must, JsonNode found) {
    return new BadEntryException(
        Reason.WRONG_TYPE, key + " must be " + must + ", found " + shown(found.toString()));
  }

  /** A value fit for a message: short and on one line. */
  static String shown(String value) {
    String line = value.replaceAll("\\p{Cntrl}", "?");
    return line.length() <= SHOWN ? line : line.substring(0, SHOWN) + "...";
  }
}
