package dev.weft.store;

import dev.weft.ExitCode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;

/**
 * An output in the making, invisible until {@link #commit}. Files go straight to their final place
 * under {@link #folder}; an attempt that is given up needs no cleaning, vacuum removes its files.
 *
 * <p>Used by one thread of the driver.
 */
public final class Attempt {
  private final Artefact artefact;
  private final String id;
  private final long base;
  private final ExclusiveCreate exclusive;
  private final List<FileEntry> entries = new ArrayList<>();

  Attempt(Artefact artefact, String id, long base, ExclusiveCreate exclusive) {
    this.artefact = artefact;
    this.id = id;
    this.base = base;
    this.exclusive = exclusive;
  }

  /** The unique id the caller gave. */
  public String id() {
    return id;
  }

  /** Where tasks write their files. */
  public Path folder() {
    return new Path(artefact.data(), id);
  }

  /**
   * Begins a plain file, written by the driver. Closing it adds it to the attempt.
   *
   * @param name path inside the folder, such as {@code params.bin}
   */
  public HashingOutput create(String name) {
    try {
      // The listener refers to the stream that it is passed to.
      HashingOutput[] out = new HashingOutput[1];
      out[0] =
          HashingOutput.create(artefact.files(), folder(), name, () -> add(out[0].entry("", 0)));
      return out[0];
    } catch (IOException e) {
      throw Storage.failed(e, "create %s in %s", name, folder());
    }
  }

  /** Writes a whole plain file. */
  public void write(String name, byte[] content) {
    try (HashingOutput out = create(name)) {
      out.write(content);
    } catch (IOException e) {
      throw Storage.failed(e, "write %s in %s", name, folder());
    }
  }

  /**
   * Adds a file that a task wrote and reported, or one of an older version that stays part of the
   * output. A table's files are read in the order in which they were added.
   */
  public void add(FileEntry entry) {
    entries.add(entry);
  }

  /**
   * Makes the output the newest version of the artefact.
   *
   * <p>Every file is checked to exist with its stated length. If a version committed since {@link
   * Artefact#begin} has the same run key, that one is returned: two drivers started at once end in
   * one version. If the request declares a parent that is no longer the newest version, the commit
   * is refused with {@link ExitCode#TRY_LATER}. Otherwise the output takes the number after the
   * newest, whatever was committed meanwhile. After a failure the same call may be repeated.
   *
   * @return the committed version, as read back
   */
  public Snapshot commit(CommitRequest request) {
    checkTables(request.schemas().keySet());
    artefact.checkPresent(entries);
    Manifest committed =
        artefact
            .versions()
            .publish(
                exclusive,
                base,
                request.parent(),
                request.runKey(),
                version ->
                    new Manifest(
                        artefact.name(),
                        version,
                        id,
                        request.runKey(),
                        request.time(),
                        request.provenance(),
                        request.schemas(),
                        request.facts(),
                        entries));
    return new Snapshot(artefact, committed);
  }

  private void checkTables(Set<String> described) {
    Set<String> written = new TreeSet<>();
    Set<String> paths = new HashSet<>();
    Set<String> plain = new HashSet<>();
    for (FileEntry entry : entries) {
      if (!paths.add(entry.path())) {
        throw new IllegalStateException("Cannot commit: " + entry.path() + " was added twice.");
      }
      if (!entry.table().isEmpty()) {
        written.add(entry.table());
      } else if (!plain.add(entry.name())) {
        throw new IllegalStateException(
            "Cannot commit: there are two plain files " + entry.name() + ".");
      }
    }
    if (!written.equals(described)) {
      throw new IllegalArgumentException(
          "Cannot commit: files were written for the tables "
              + written
              + ", schemas were given for "
              + new TreeSet<>(described)
              + ".");
    }
  }
}
