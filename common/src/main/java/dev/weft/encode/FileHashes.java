package dev.weft.encode;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.commons.codec.digest.DigestUtils;

/**
 * SHA-256 of local files, each read once per process: a model of some hundred megabytes takes a
 * second, and a stage asks several times. A file that was written since, as its size, its time or
 * its number on the disk shows, is read again.
 */
final class FileHashes {
  private static final Map<Version, String> KNOWN = new ConcurrentHashMap<>();

  private FileHashes() {}

  /** What changes with a file's content. */
  private record Version(Path file, long bytes, FileTime written, String number) {
    static Version of(Path file) throws IOException {
      BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
      return new Version(
          file.toRealPath(),
          found.size(),
          found.lastModifiedTime(),
          String.valueOf(found.fileKey()));
    }
  }

  /** The hash of a file, 64 hexadecimal digits. */
  static String of(Path file) throws IOException {
    Version version = Version.of(file);
    String known = KNOWN.get(version);
    if (known != null) {
      return known;
    }
    String hash;
    try (InputStream in = Files.newInputStream(file)) {
      hash = DigestUtils.sha256Hex(in);
    }
    if (version.equals(Version.of(file))) { // else it is being written
      KNOWN.put(version, hash);
    }
    return hash;
  }
}
