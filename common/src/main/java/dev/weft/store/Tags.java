package dev.weft.store;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The tags of an artefact: per tag a folder of numbered changes, of which the newest holds. */
record Tags(FileSystem files, Path folder) {
  private static final int PATIENCE = 3;

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

  void set(ExclusiveCreate exclusive, String tag, long version, Clock clock) {
    NumberedFiles changes = changes(tag);
    int failures = 0;
    while (true) {
      Path next = changes.path(changes.newest() + 1);
      Change change = new Change(tag, version, clock.instant());
      try {
        exclusive.create(next, Json.PRETTY.writeValueAsBytes(change));
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
    byte[] bytes = changes.read(number).orElseThrow(() -> damaged(path, null));
    try {
      return Json.MAPPER.readValue(bytes, Change.class);
    } catch (IOException e) {
      throw damaged(path, e);
    }
  }

  private static WeftException damaged(Path path, IOException cause) {
    return new WeftException(
        cause,
        ExitCode.IO,
        "Cannot read the tag %s: it is not what was written. Remove the file to go back to the"
            + " change before, and set the tag again.",
        path);
  }

  private NumberedFiles changes(String tag) {
    return new NumberedFiles(files, new Path(folder, tag));
  }
}
