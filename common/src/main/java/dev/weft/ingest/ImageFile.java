package dev.weft.ingest;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * An image of a data set and where its file is expected.
 *
 * @param key names the image
 * @param path below the folder of the images, parts separated by {@code /}; with an extension or
 *     without one
 */
public record ImageFile(ImageKey key, String path) {
  /** Mirrors of the same data set differ in these; tried in this order. */
  private static final List<String> EXTENSIONS =
      List.of(
          ".jpg", ".png", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".JPG", ".PNG",
          ".JPEG");

  /** Images that are not read: known, so that they are refused by name and not called missing. */
  private static final List<String> UNREAD =
      List.of(".avif", ".heic", ".heif", ".jp2", ".jxl", ".ico", ".ppm", ".psd", ".svg");

  /** Where the file may be, best guess first: the path itself, then with other extensions. */
  public List<String> candidates() {
    List<String> candidates = new ArrayList<>();
    if (isImage(path)) {
      candidates.add(path);
    }
    String stem = stem(path);
    for (String extension : EXTENSIONS) {
      if (!candidates.contains(stem + extension)) {
        candidates.add(stem + extension);
      }
    }
    return List.copyOf(candidates);
  }

  /** Whether a file name ends as one of an image does. */
  static boolean isImage(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return EXTENSIONS.stream().anyMatch(lower::endsWith)
        || UNREAD.stream().anyMatch(lower::endsWith);
  }

  /** Whether a part of a path begins with a dot or an underscore. */
  static boolean isHidden(String path) {
    return ("/" + path).matches("(?s).*/[._].*");
  }

  /** A file name without the extension of an image; others are part of the name. */
  public static String stem(String name) {
    return isImage(name) ? name.substring(0, name.lastIndexOf('.')) : name;
  }
}
