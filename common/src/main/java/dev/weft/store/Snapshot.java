package dev.weft.store;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.DigestInputStream;
import java.util.List;
import org.apache.hadoop.fs.Path;

/**
 * One committed version of an artefact. It never changes: a job resolves it once and reads from it
 * to its end, whatever is committed meanwhile.
 */
public final class Snapshot {
  private final Artefact artefact;
  private final Manifest manifest;

  Snapshot(Artefact artefact, Manifest manifest) {
    this.artefact = artefact;
    this.manifest = manifest;
  }

  /** The artefact it is a version of. */
  public Artefact artefact() {
    return artefact;
  }

  /** Number of the version, from 1. */
  public long version() {
    return manifest.version();
  }

  /** What the version consists of. */
  public Manifest manifest() {
    return manifest;
  }

  /** Where the manifest lies. */
  public Path path() {
    return artefact.versions().path(version());
  }

  /** Rows of a table, from the manifest. */
  public long rows(String table) {
    return entries(table).stream().mapToLong(FileEntry::rows).sum();
  }

  /** The files of a table in the order of its partitions, each there with its stated length. */
  public List<Path> files(String table) {
    return entries(table).stream().map(this::present).toList();
  }

  /**
   * A plain file, there with its stated length.
   *
   * @param name its path inside the attempt, such as {@code params.bin}
   */
  public Path file(String name) {
    return present(entry(name));
  }

  /** The content of a plain file, compared with its checksum. */
  public byte[] read(String name) {
    FileEntry entry = entry(name);
    Path path = present(entry);
    byte[] content;
    try {
      content = Storage.read(artefact.files(), path).orElseThrow(() -> unusable(path, "is gone"));
    } catch (IOException e) {
      throw Storage.failed(e, "read %s", path);
    }
    check(entry, Sha256.of(content));
    return content;
  }

  /** Reads every file and compares it with its checksum; takes as long as reading takes. */
  public void verify() {
    manifest.files().forEach(this::verify);
  }

  /** Reads one file and compares it with its checksum. */
  void verify(FileEntry entry) {
    Path path = present(entry);
    try (DigestInputStream in =
        new DigestInputStream(artefact.files().open(path), Sha256.digest())) {
      copyToNowhere(in);
      check(entry, Sha256.hex(in.getMessageDigest()));
    } catch (IOException e) {
      throw Storage.failed(e, "read %s", path);
    }
  }

  private static void copyToNowhere(InputStream in) throws IOException {
    in.transferTo(OutputStream.nullOutputStream());
  }

  private List<FileEntry> entries(String table) {
    if (!manifest.schemas().containsKey(table)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot read the table %s from version %d of %s: it has the tables %s. Make the artefact"
              + " again: %s.",
          table,
          version(),
          artefact.name(),
          manifest.schemas().keySet(),
          artefact.command());
    }
    return manifest.files().stream().filter(entry -> entry.table().equals(table)).toList();
  }

  private FileEntry entry(String name) {
    return manifest.files().stream()
        .filter(entry -> entry.table().isEmpty() && entry.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new WeftException(
                    ExitCode.INPUT_MISSING,
                    "Cannot read the file %s from version %d of %s: it has no such file. Make the"
                        + " artefact again: %s.",
                    name,
                    version(),
                    artefact.name(),
                    artefact.command()));
  }

  private Path present(FileEntry entry) {
    Path path = artefact.path(entry);
    long length;
    try {
      length = artefact.files().getFileStatus(path).getLen();
    } catch (FileNotFoundException e) {
      throw unusable(path, "is gone");
    } catch (IOException e) {
      throw Storage.failed(e, "look at %s", path);
    }
    if (length != entry.bytes()) {
      throw unusable(path, "has " + length + " bytes instead of " + entry.bytes());
    }
    return path;
  }

  private void check(FileEntry entry, String found) {
    if (!found.equals(entry.sha256())) {
      throw unusable(
          artefact.path(entry),
          "has not the content that was written: its checksum is "
              + found
              + " instead of "
              + entry.sha256());
    }
  }

  /** If vacuum overtook this reader, trying again is enough; otherwise somebody must act. */
  private WeftException unusable(Path path, String why) {
    long newest = artefact.versions().newest();
    if (newest > version() && artefact.at(version()).isEmpty()) {
      return new WeftException(
          ExitCode.TRY_LATER,
          "Cannot read version %d of %s: %s %s, because vacuum removed that version. Run the same"
              + " command again: it will read version %d.",
          version(),
          artefact.name(),
          path,
          why,
          newest);
    }
    return new WeftException(
        ExitCode.IO,
        "Cannot read version %d of %s: %s %s. Restore that file, roll back to an older version, or"
            + " make the artefact again: %s --force.",
        version(),
        artefact.name(),
        path,
        why,
        artefact.command());
  }
}
