package dev.weft.store;

import java.io.IOException;
import java.time.Clock;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Tries on a root what the snapshot protocol relies on, in a folder that it removes again.
 *
 * @param failure the first thing that failed, in words; empty if nothing did
 * @param exclusive whether creating a file that is there is refused and leaves it as it was
 * @param listed whether a new file is in the listing of its folder at once
 * @param clockAhead milliseconds by which the store's clock is ahead of this machine's
 * @param freeBytes room that is left; absent where the store does not say
 */
public record StoreProbe(
    String failure, boolean exclusive, boolean listed, long clockAhead, Optional<Long> freeBytes) {

  /** Tries it. */
  public static StoreProbe of(Configuration hadoop, String root, Clock clock) {
    Path folder = new Path(root, ".weft-doctor-" + UUID.randomUUID());
    try {
      FileSystem files = Storage.of(hadoop, folder);
      files.mkdirs(folder);
      try {
        return tried(files, folder, hadoop, clock);
      } finally {
        files.delete(folder, true);
      }
    } catch (IOException | RuntimeException e) {
      return new StoreProbe(String.valueOf(e.getMessage()), false, false, 0, Optional.empty());
    }
  }

  private static StoreProbe tried(FileSystem files, Path folder, Configuration hadoop, Clock clock)
      throws IOException {
    ExclusiveCreate create = ExclusiveCreate.on(files, folder, hadoop);
    Path file = new Path(folder, "file");
    byte[] first = {1, 2, 3};
    long before = clock.millis();
    create.create(file, first);
    long after = clock.millis();
    boolean refused = false;
    try {
      create.create(file, new byte[] {4});
    } catch (IOException e) {
      refused = true;
    }
    byte[] read = Storage.read(files, file).orElse(new byte[0]);
    boolean listed =
        Storage.list(files, folder).stream()
            .map(FileStatus::getPath)
            .anyMatch(path -> path.getName().equals(file.getName()));
    long written = files.getFileStatus(file).getModificationTime();
    long ahead = written > after ? written - after : Math.min(0, written - before);
    return new StoreProbe("", refused && Arrays.equals(read, first), listed, ahead, free(files));
  }

  private static Optional<Long> free(FileSystem files) throws IOException {
    long free = files.getStatus().getRemaining();
    return free <= 0 || free == Long.MAX_VALUE ? Optional.empty() : Optional.of(free);
  }
}
