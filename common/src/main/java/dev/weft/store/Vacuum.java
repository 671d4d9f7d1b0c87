package dev.weft.store;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What to clear away from an artefact; made by {@link Retention#plan}.
 *
 * <p>It happens in two steps, so that vacuum needs no lock against readers and writers: a version
 * that is not kept is retired now, which stops anybody from beginning to use it, and its files are
 * deleted by the first vacuum after the grace period.
 */
public final class Vacuum {
  private final Artefact artefact;
  private final Instant now;
  private final Duration grace;
  private final List<Long> retire;
  private final List<FileStatus> delete;

  Vacuum(
      Artefact artefact, Instant now, Duration grace, List<Long> retire, List<FileStatus> delete) {
    this.artefact = artefact;
    this.now = now;
    this.grace = grace;
    this.retire = List.copyOf(retire);
    this.delete = List.copyOf(delete);
  }

  /** The versions to take out of service, newest first. */
  public List<Long> retire() {
    return retire;
  }

  /** The files to delete: no version in service or in its grace period names them. */
  public List<Path> delete() {
    return delete.stream().map(FileStatus::getPath).toList();
  }

  /** Bytes that deleting sets free. */
  public long bytes() {
    return delete.stream().mapToLong(FileStatus::getLen).sum();
  }

  /**
   * Does it. What was tagged, released, committed or taken over since the plan was made is spared.
   */
  public void carryOut() {
    Retired retired = new Retired(artefact);
    ExclusiveCreate exclusive = artefact.writer();
    Map<Long, Release> releases = new HashMap<>(); // each is read once, whatever there is to retire
    List<Long> oldestFirst = new ArrayList<>(retire); // if it is cut off, what stays has no gap
    Collections.reverse(oldestFirst);
    for (long version : oldestFirst) {
      if (!artefact.held(releases).contains(version)) {
        retired.add(exclusive, version, now);
      }
    }
    Set<String> named = retired.namedSince(now.minus(grace));
    named.addAll(Retired.named(artefact.versions().all()));
    try {
      for (Path file : delete()) {
        if (!named.contains(artefact.relative(file))) {
          artefact.files().delete(file, false);
          deleteIfEmpty(file.getParent());
        }
      }
      deleteTemporaries();
    } catch (IOException e) {
      throw Storage.failed(e, "vacuum %s", artefact.folder());
    }
    retired.forget(now.minus(grace));
  }

  private void deleteIfEmpty(Path folder) throws IOException {
    FileSystem files = artefact.files();
    Path upwards = folder;
    while (!upwards.equals(artefact.data()) && Storage.list(files, upwards).isEmpty()) {
      files.delete(upwards, false);
      upwards = upwards.getParent();
    }
  }

  /**
   * What writers left that were killed while they created a manifest, a tag, a record or a copy.
   */
  private void deleteTemporaries() throws IOException {
    FileSystem files = artefact.files();
    List<FileStatus> candidates = new ArrayList<>(Storage.listDeep(files, artefact.runsFolder()));
    for (Path folder : artefact.exclusiveFolders()) {
      candidates.addAll(Storage.list(files, folder));
    }
    for (FileStatus file : candidates) {
      boolean old = file.getModificationTime() < now.minus(grace).toEpochMilli();
      if (old && file.getPath().getName().startsWith(ExclusiveCreate.TEMPORARY_PREFIX)) {
        files.delete(file.getPath(), false);
      }
    }
  }
}
