package dev.weft.encode;

import com.google.errorprone.annotations.FormatMethod;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The files of a model on any Hadoop file system, known by their content, so that every machine
 * that fetches them gets the very same.
 *
 * @param place URI of the folder
 * @param files sorted by name
 */
public record ModelFiles(String place, List<File> files) implements Serializable {
  private static final int BUFFER = 1 << 20;

  public ModelFiles {
    files = List.copyOf(files);
  }

  /**
   * One file.
   *
   * @param name path in the folder
   * @param bytes its length
   * @param sha256 of its content, 64 hexadecimal digits
   */
  public record File(String name, long bytes, String sha256) implements Serializable {}

  /**
   * Lists and hashes what an encoder needs of a folder.
   *
   * @param uri the folder
   * @param variant see {@link ModelOptions#variant}
   */
  public static ModelFiles of(Configuration hadoop, String uri, String variant) {
    Path folder = new Path(uri);
    try {
      FileSystem system = folder.getFileSystem(hadoop);
      Path whole = system.makeQualified(folder);
      List<String> names = new ArrayList<>();
      for (FileStatus status : list(system, whole)) {
        if (status.isFile()) {
          names.add(status.getPath().getName());
        } else if (status.getPath().getName().equals("onnx")) {
          for (FileStatus inner : system.listStatus(status.getPath())) {
            names.add("onnx/" + inner.getPath().getName());
          }
        }
      }
      names.sort(null);
      List<File> files = new ArrayList<>();
      for (String name : ModelLayout.of(whole.toString(), names, variant).files()) {
        Path file = new Path(whole, name);
        files.add(new File(name, system.getFileStatus(file).getLen(), hash(system, file)));
      }
      return new ModelFiles(whole.toString(), files);
    } catch (IOException e) {
      throw failed(e, "read the model in %s", uri);
    }
  }

  private static FileStatus[] list(FileSystem system, Path folder) throws IOException {
    try {
      return system.listStatus(folder);
    } catch (FileNotFoundException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot use the model in %s: there is no such folder. Set encode.model to starter, or to"
              + " the folder of an ONNX export; docs/encoders.md says what must be in it.",
          folder);
    }
  }

  private static String hash(FileSystem system, Path file) throws IOException {
    if (system instanceof LocalFileSystem) {
      return FileHashes.of(java.nio.file.Path.of(file.toUri().getPath()));
    }
    try (InputStream in = system.open(file)) {
      return DigestUtils.sha256Hex(in);
    }
  }

  /** A hash of all contents, 64 hexadecimal digits. */
  public String fingerprint() {
    StringBuilder all = new StringBuilder();
    files.forEach(file -> all.append(file.name()).append(' ').append(file.sha256()).append('\n'));
    return DigestUtils.sha256Hex(all.toString());
  }

  /** The layout, of the same files. */
  ModelLayout layout(String variant) {
    return ModelLayout.of(place, files.stream().map(File::name).toList(), variant);
  }

  /**
   * The folder on the disk of this machine: the very one, if it is there already, else a copy under
   * the cache, made by the first process that needs it while others wait. Every file is held
   * against its checksum.
   *
   * @param cache a local folder; created if needed
   */
  public java.nio.file.Path local(Configuration hadoop, java.nio.file.Path cache) {
    Path source = new Path(place);
    try {
      FileSystem system = source.getFileSystem(hadoop);
      if (system instanceof LocalFileSystem) {
        java.nio.file.Path folder = java.nio.file.Path.of(source.toUri().getPath());
        for (File file : files) {
          requireSame(file, folder.resolve(file.name()));
        }
        return folder;
      }
      Files.createDirectories(cache);
      java.nio.file.Path folder = cache.resolve(fingerprint());
      synchronized (ModelFiles.class) { // a lock of a file holds against other processes only
        try (FileChannel lock =
            FileChannel.open(
                cache.resolve(fingerprint() + ".lock"),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE)) {
          lock.lock();
          for (File file : files) {
            fetch(system, source, file, folder.resolve(file.name()));
          }
        }
      }
      return folder;
    } catch (IOException e) {
      throw failed(e, "fetch the model %s to %s", place, cache);
    }
  }

  private void fetch(FileSystem system, Path source, File file, java.nio.file.Path target)
      throws IOException {
    if (Files.exists(target) && isSame(file, target)) {
      return;
    }
    Files.createDirectories(target.getParent());
    java.nio.file.Path part = target.resolveSibling(target.getFileName() + ".part");
    DigestInputStream hashed =
        new DigestInputStream(
            system.open(new Path(source, file.name())), DigestUtils.getSha256Digest());
    try (DigestInputStream in = hashed;
        OutputStream out = Files.newOutputStream(part)) {
      byte[] buffer = new byte[BUFFER];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        out.write(buffer, 0, read);
      }
    }
    String found = HexFormat.of().formatHex(hashed.getMessageDigest().digest());
    if (!found.equals(file.sha256())) {
      Files.delete(part);
      throw changed(file, found);
    }
    Files.move(part, target, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
  }

  private void requireSame(File file, java.nio.file.Path path) throws IOException {
    if (!Files.exists(path)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot use the model in %s: this machine has no %s. The folder must be on every machine of"
              + " the cluster, or on a file system that all of them see, such as hdfs or s3a.",
          place,
          path);
    }
    if (!isSame(file, path)) {
      throw changed(file, FileHashes.of(path));
    }
  }

  private static boolean isSame(File file, java.nio.file.Path path) throws IOException {
    return Files.size(path) == file.bytes() && FileHashes.of(path).equals(file.sha256());
  }

  private WeftException changed(File file, String found) {
    return new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot use the model in %s: its %s has the SHA-256 %s, and had %s when the run began. Do not"
            + " change a model in place: put the new one into a new folder, and run again.",
        place,
        file.name(),
        found,
        file.sha256());
  }

  @FormatMethod
  private static WeftException failed(IOException cause, String act, Object... arguments) {
    return new WeftException(
        cause,
        ExitCode.IO,
        "Cannot %s: %s. Check that the place can be reached and has room, then run the same command"
            + " again.",
        String.format(Locale.ROOT, act, arguments),
        cause);
  }
}
