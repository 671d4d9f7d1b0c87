package dev.weft.ingest;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/** A folder of a data set, with failures in the words of a data set. */
record Folder(Configuration hadoop, Path path) {
  /** An object store takes a tenth of a second for a call, and does not mind several. */
  private static final int LISTS_AT_ONCE = 16;

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
   *
   * @throws WeftException if the images are in tar archives, which only a pass over all their bytes
   *     could list
   */
  List<String> images() {
    return io(
        files -> {
          Path root = files.makeQualified(path);
          if (!shards(files, root).isEmpty()) {
            throw new WeftException(
                ExitCode.INPUT_MISSING,
                "Cannot take the candidates from the images in %s: they are in tar archives. List"
                    + " them in gallery.<split>.jsonl beside the triplets.",
                root);
          }
          String prefix = root.toUri().getPath() + "/";
          Queue<String> images = new ConcurrentLinkedQueue<>();
          below(
              files,
              root,
              file -> {
                String relative = file.getPath().toUri().getPath().substring(prefix.length());
                if (ImageFile.isImage(relative) && !ImageFile.isHidden(relative)) {
                  images.add(relative);
                }
              });
          return images.stream().sorted().toList();
        });
  }

  /** The tar archives right in the folder, sorted; none where there is no such folder. */
  List<Path> shards() {
    return exists() ? io(files -> shards(files, files.makeQualified(path))) : List.of();
  }

  private static List<Path> shards(FileSystem files, Path root) throws IOException {
    List<Path> shards = new ArrayList<>();
    RemoteIterator<FileStatus> children = files.listStatusIterator(root);
    while (children.hasNext()) {
      FileStatus child = children.next();
      if (child.isFile() && TarShard.isShard(child.getPath().getName())) {
        shards.add(child.getPath());
      }
    }
    Collections.sort(shards);
    return shards;
  }

  /**
   * Every file below the folder, in no order, from several threads; the folder itself where it is a
   * file.
   */
  void forEachFile(Consumer<FileStatus> action) {
    io(
        files -> {
          below(files, files.makeQualified(path), action);
          return path;
        });
  }

  /**
   * Lists folder by folder, several at once: one call lists a whole folder (an object store answers
   * a thousand names at a time). Not {@code listFiles(path, true)}: on local disk it starts a
   * process for the permissions of every file.
   */
  private static void below(FileSystem files, Path top, Consumer<FileStatus> action)
      throws IOException {
    ExecutorService lists = Executors.newFixedThreadPool(LISTS_AT_ONCE);
    try {
      List<Path> folders = List.of(top);
      while (!folders.isEmpty()) {
        List<Callable<List<Path>>> calls = new ArrayList<>();
        folders.forEach(folder -> calls.add(() -> list(files, folder, action)));
        List<Path> deeper = new ArrayList<>();
        for (Future<List<Path>> inside : lists.invokeAll(calls)) {
          deeper.addAll(inside.get());
        }
        folders = deeper;
      }
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while listing " + top);
    } finally {
      lists.shutdownNow();
    }
  }

  /** Hands on the files of a folder; the folders in it are the result. */
  private static List<Path> list(FileSystem files, Path folder, Consumer<FileStatus> action)
      throws IOException {
    List<Path> folders = new ArrayList<>();
    RemoteIterator<FileStatus> children = files.listStatusIterator(folder);
    while (children.hasNext()) {
      FileStatus child = children.next();
      if (child.isDirectory()) {
        folders.add(child.getPath());
      } else {
        action.accept(child);
      }
    }
    return folders;
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
          "Cannot read a data set: there is no file or folder %s. Set ingest.datasets to where it"
              + " is; scripts/weft wardrobe draws one.",
          path);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot read the folder %s: %s. Check that this machine can reach it, and run the same"
              + " command again.",
          path,
          e.getMessage());
    }
  }
}
