package dev.weft.store;

import java.io.Serializable;

/**
 * One file of a snapshot, as its manifest lists it.
 *
 * @param path place under {@code data}, slashes between the parts; the first part is the attempt
 *     that wrote the file
 * @param table the table the file is a part of, empty for a plain file
 * @param bytes length of the file
 * @param rows rows of a table's file, 0 for a plain file
 * @param sha256 checksum of the content, 64 lower-case hexadecimal digits
 */
public record FileEntry(String path, String table, long bytes, long rows, String sha256)
    implements Serializable { // tasks report it to the driver

  /** Checks the form; whether the file exists is checked by {@link Attempt#commit}. */
  public FileEntry {
    Names.checkRelative(path);
    if (path.indexOf('/') < 0) {
      throw new IllegalArgumentException(
          "Cannot list the file '" + path + "': its path must begin with its attempt.");
    }
    if (bytes < 0 || rows < 0) {
      throw new IllegalArgumentException(
          "Cannot list the file '" + path + "' with " + bytes + " bytes and " + rows + " rows.");
    }
    if (table.isEmpty() && rows != 0) {
      throw new IllegalArgumentException(
          "Cannot list the plain file '" + path + "' with " + rows + " rows: it has none.");
    }
    if (!Sha256.isOne(sha256)) {
      throw new IllegalArgumentException(
          "Cannot list the file '" + path + "': '" + sha256 + "' is no SHA-256 checksum.");
    }
  }

  /** The attempt that wrote the file. */
  public String attempt() {
    return path.substring(0, path.indexOf('/'));
  }

  /** The path inside the attempt's folder. */
  public String name() {
    return path.substring(path.indexOf('/') + 1);
  }
}
