package dev.weft.store;

import com.google.errorprone.annotations.FormatMethod;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/** The few things the store asks of a Hadoop file system. */
final class Storage {
  private Storage() {}

  /**
   * The file system of a path. On the local disk it is the raw one: the checksums of the store make
   * the {@code .crc} files beside every file superfluous.
   */
  static FileSystem of(Configuration hadoop, Path path) throws IOException {
    FileSystem files = path.getFileSystem(hadoop);
    return files instanceof LocalFileSystem local ? local.getRaw() : files;
  }

  /** The content of a folder; nothing where there is no such folder. */
  static List<FileStatus> list(FileSystem files, Path folder) throws IOException {
    try {
      return Arrays.asList(files.listStatus(folder));
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  /**
   * All files below a folder; nothing where there is no such folder. Not {@code listFiles(folder,
   * true)}: on local disk it starts a process for the permissions of every file.
   */
  static List<FileStatus> listDeep(FileSystem files, Path folder) throws IOException {
    List<FileStatus> found = new ArrayList<>();
    for (FileStatus child : list(files, folder)) {
      if (child.isDirectory()) {
        found.addAll(listDeep(files, child.getPath()));
      } else {
        found.add(child);
      }
    }
    return found;
  }

  /** The whole content of a small file; empty if there is no such file. */
  static Optional<byte[]> read(FileSystem files, Path path) throws IOException {
    try (FSDataInputStream in = files.open(path)) {
      return Optional.of(in.readAllBytes());
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  /** The exception for a file system that fails, to be thrown. */
  @FormatMethod
  static WeftException failed(IOException cause, String act, Object... arguments) {
    return new WeftException(
        cause,
        ExitCode.IO,
        "Cannot %s: %s. Check that the place can be reached and written and has room, then run the"
            + " same command again.",
        String.format(Locale.ROOT, act, arguments),
        cause);
  }
}
