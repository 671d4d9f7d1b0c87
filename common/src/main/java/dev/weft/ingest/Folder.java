package dev.weft.ingest;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** A folder of a data set, with failures in the words of a data set. */
record Folder(Configuration hadoop, Path path) {

  static Folder of(Configuration hadoop, String uri) {
    return new Folder(hadoop, new Path(uri));
  }

  Path resolve(String relative) {
    return new Path(path, relative);
  }

  boolean exists() {
    return io(files -> files.exists(path));
  }

  boolean has(String relative) {
    return io(files -> files.exists(resolve(relative)));
  }

  boolean isFile() {
    return io(files -> files.getFileStatus(path).isFile());
  }

  /** Names of the files right in the folder, sorted. */
  List<String> names() {
    return io(
        files -> {
          List<String> names = new ArrayList<>();
          for (FileStatus status : files.listStatus(path)) {
            if (status.isFile()) {
              names.add(status.getPath().getName());
            }
          }
          Collections.sort(names);
          return names;
        });
  }

  /**
   * Paths of the image files below the folder, relative to it, sorted; hidden files and folders
   * (their names begin with a dot or an underscore) are left out.
   */
  List<String> images() {
    return io(
        files -> {
          Path root = files.makeQualified(path);
          String prefix = root.toUri().getPath() + "/";
          List<String> images = new ArrayList<>();
          for (FileStatus file : below(files, root)) {
            String relative = file.getPath().toUri().getPath().substring(prefix.length());
            if (ImageFile.isImage(relative) && !("/" + relative).matches(".*/[._].*")) {
              images.add(relative);
            }
          }
          Collections.sort(images);
          return images;
        });
  }

  /** Every file below the folder, in no order; the folder itself where it is a file. */
  List<FileStatus> files() {
    return io(files -> below(files, files.makeQualified(path)));
  }

  /**
   * Not {@code listFiles(path, true)}: on local disk it starts a process for the permissions of
   * every file.
   */
  private static List<FileStatus> below(FileSystem files, Path top) throws IOException {
    List<FileStatus> found = new ArrayList<>();
    Deque<Path> folders = new ArrayDeque<>(List.of(top));
    while (!folders.isEmpty()) {
      RemoteIterator<FileStatus> children = files.listStatusIterator(folders.pop());
      while (children.hasNext()) {
        FileStatus child = children.next();
        if (child.isDirectory()) {
          folders.push(child.getPath());
        } else {
          found.add(child);
        }
      }
    }
    return found;
  }

  private interface Action<T> {
    T on(FileSystem files) throws IOException;
  }

  private <T> T io(Action<T> action) {
    try {
      return action.on(path.getFileSystem(hadoop));
    } catch (FileNotFoundException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot read a data set: there is no file or folder %s. Set ingest.datasets to where it is; scripts/weft wardrobe draws one.",
          path);
    } catch (IOException e) {
      throw new WeftException(
          e, ExitCode.IO, "Cannot read the folder %s: %s.", path, e.getMessage());
    }
  }
}
