package dev.weft.store;

import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The tags of an artefact: per tag a folder of numbered changes, of which the newest holds. */
record Tags(FileSystem files, Path folder) {
  private static final int PATIENCE = 3;

  private static final SealedJson FILE =
      new SealedJson(
          "weft-tag",
          1,
          "tag",
          "Remove the file to go back to the change before, and set the tag again.");

  /** One change of a tag. */
  record Change(String tag, long version, Instant time) {}

  /** The version a tag points at. */
  OptionalLong version(String tag) {
    NumberedFiles changes = changes(tag);
    long newest = changes.newest();
    return newest == 0 ? OptionalLong.empty() : OptionalLong.of(read(changes, newest).version());
  }

  /** All tags with their versions. */
  Map<String, Long> all() {
    Map<String, Long> all = new TreeMap<>();
    try {
      for (FileStatus tag : Storage.list(files, folder)) {
        String name = tag.getPath().getName();
        version(name).ifPresent(version -> all.put(name, version));
      }
    } catch (IOException e) {
      throw Storage.failed(e, "list %s", folder);
    }
    return all;
  }

  /** Reads every change of every tag. */
  void readAll(BiConsumer<Path, Runnable> each) {
    try {
      for (FileStatus tag : Storage.list(files, folder)) {
        NumberedFiles changes = changes(tag.getPath().getName());
        for (long number : changes.numbers()) {
          each.accept(changes.path(number), () -> read(changes, number));
        }
      }
    } catch (IOException e) {
      throw Storage.failed(e, "list %s", folder);
    }
  }

  void set(ExclusiveCreate exclusive, String tag, long version, Clock clock) {
    NumberedFiles changes = changes(tag);
    int failures = 0;
    while (true) {
      Path next = changes.path(changes.newest() + 1);
      Change change = new Change(tag, version, clock.instant());
      try {
        exclusive.create(next, FILE.write(change));
        return;
      } catch (IOException e) {
        // Created after all, or another change was faster: either way one more change is right.
        if (++failures == PATIENCE) {
          throw Storage.failed(e, "create %s", next);
        }
      }
    }
  }

  private Change read(NumberedFiles changes, long number) {
    Path path = changes.path(number);
    byte[] bytes = changes.read(number).orElse(new byte[0]);
    return FILE.read(bytes, Change.class, path.toString());
  }

  private NumberedFiles changes(String tag) {
    return new NumberedFiles(files, new Path(folder, tag));
  }
}
