package dev.weft.store;

import java.io.IOException;
import java.util.Collections;
import java.util.Locale;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * A folder of JSON files numbered from 1, each created once and never changed; the greatest number
 * is the current one. Other files in the folder are ignored.
 */
record NumberedFiles(FileSystem files, Path folder) {
  private static final Pattern NAME = Pattern.compile("(00\\d{18})\\.json");

  /** The numbers that exist, ascending. */
  NavigableSet<Long> numbers() {
    NavigableSet<Long> numbers = new TreeSet<>();
    try {
      for (FileStatus file : Storage.list(files, folder)) {
        Matcher name = NAME.matcher(file.getPath().getName());
        if (name.matches()) {
          numbers.add(Long.parseLong(name.group(1)));
        }
      }
    } catch (IOException e) {
      throw Storage.failed(e, "list %s", folder);
    }
    return Collections.unmodifiableNavigableSet(numbers);
  }

  /** The greatest number, 0 where there is none. */
  long newest() {
    NavigableSet<Long> numbers = numbers();
    return numbers.isEmpty() ? 0 : numbers.last();
  }

  Path path(long number) {
    return new Path(folder, String.format(Locale.ROOT, "%020d.json", number));
  }

  /** The content of one file; empty if it does not exist (any more). */
  Optional<byte[]> read(long number) {
    try {
      return Storage.read(files, path(number));
    } catch (IOException e) {
      throw Storage.failed(e, "read %s", path(number));
    }
  }
}
