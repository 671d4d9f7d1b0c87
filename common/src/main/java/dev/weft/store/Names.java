package dev.weft.store;

import java.util.regex.Pattern;

/**
 * Which names the store accepts. They become parts of paths on every kind of file system, so only
 * letters, digits, dot, dash and underscore, and no leading dot or underscore: those mark hidden
 * files for Hadoop.
 */
final class Names {
  private static final String PART = "[A-Za-z0-9][A-Za-z0-9._-]*";
  private static final Pattern ONE = Pattern.compile(PART);
  private static final Pattern SEVERAL = Pattern.compile(PART + "(/" + PART + ")*");

  private Names() {}

  static boolean isOne(String name) {
    return ONE.matcher(name).matches();
  }

  static void checkOne(String what, String name) {
    if (!isOne(name)) {
      throw new IllegalArgumentException(
          "Cannot use '"
              + name
              + "' as the name of "
              + what
              + ": it must be letters, digits, '.', '-' and '_', beginning with a letter or"
              + " digit.");
    }
  }

  static void checkRelative(String path) {
    if (!SEVERAL.matcher(path).matches()) {
      throw new IllegalArgumentException(
          "Cannot use '"
              + path
              + "' as a path inside the store: each part must be letters, digits, '.', '-' and"
              + " '_', beginning with a letter or digit.");
    }
  }
}
