package dev.weft.ingest;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Finds the file of an image, reads it once, decodes it wholly and hashes it. Made to run in a
 * task: an image that is bad is a value, a file system that fails is an exception, so that the task
 * is tried again and no image is lost to a slow moment.
 *
 * <p>Instances are immutable and safe to share between threads.
 */
public final class ImageProbe {
  private final ImageLimits limits;
  private final ImageDecoder decoder;

  public ImageProbe(ImageLimits limits) {
    this.limits = limits;
    this.decoder = new ImageDecoder(limits);
  }

  /**
   * Looks at one image.
   *
   * @param files the file system of the folder
   * @param folder the folder of the images
   * @throws IOException if the file system fails
   */
  public ImageCheck probe(FileSystem files, Path folder, ImageFile image) throws IOException {
    Optional<FileStatus> found = find(files, folder, image);
    if (found.isEmpty()) {
      Path first = files.makeQualified(new Path(folder, image.candidates().get(0)));
      return unusable(
          image.key(),
          first.toString(),
          new BadImageException(
              Reason.MISSING_IMAGE,
              "there is no such file, nor with any of the extensions of images"));
    }
    Path path = found.get().getPath();
    try {
      checkPlace(files.makeQualified(folder), path);
      long length = found.get().getLen();
      if (length > limits.maxBytes()) { // before reading
        throw ImageDecoder.tooManyBytes(length, limits);
      }
      return sound(image.key(), path.toString(), read(files, path));
    } catch (BadImageException e) {
      return unusable(image.key(), path.toString(), e);
    }
  }

  /** Looks at an image of a tar archive. */
  public ImageCheck probe(ImageKey key, TarShard.Member member) {
    String location = member.location().toString();
    try {
      if (member.bytes().isEmpty()) {
        throw ImageDecoder.tooManyBytes(member.location().length(), limits);
      }
      return sound(key, location, member.bytes().get());
    } catch (BadImageException e) {
      return unusable(key, location, e);
    }
  }

  private ImageCheck sound(ImageKey key, String location, byte[] bytes) throws BadImageException {
    return decoder.decode(
        bytes,
        decoded ->
            new ImageCheck.Sound(
                key, location, sha256(bytes), bytes.length, decoded.width(), decoded.height()));
  }

  private static ImageCheck unusable(ImageKey key, String location, BadImageException why) {
    return new ImageCheck.Unusable(
        key, new Finding(key.dataset(), location, "", why.reason(), why.getMessage()));
  }

  /** On a local disk a link may lead anywhere, and reading a pipe would never end. */
  private static void checkPlace(Path folder, Path file) throws IOException, BadImageException {
    if (!"file".equals(file.toUri().getScheme())) {
      return;
    }
    java.nio.file.Path real = java.nio.file.Path.of(file.toUri().getPath()).toRealPath();
    if (!real.startsWith(java.nio.file.Path.of(folder.toUri().getPath()).toRealPath())) {
      throw new BadImageException(
          Reason.UNSAFE_ID, "the file is a link to " + real + ", outside of the images folder");
    }
    if (!Files.isRegularFile(real)) {
      throw new BadImageException(Reason.CORRUPT_IMAGE, "it is a pipe or a device, not a file");
    }
  }

  private static Optional<FileStatus> find(FileSystem files, Path folder, ImageFile image)
      throws IOException {
    for (String candidate : image.candidates()) {
      Optional<FileStatus> status = status(files, new Path(folder, candidate));
      if (status.isPresent() && status.get().isFile()) {
        return status;
      }
    }
    return Optional.empty();
  }

  private static Optional<FileStatus> status(FileSystem files, Path path) throws IOException {
    try {
      return Optional.of(files.getFileStatus(path));
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  private static byte[] read(FileSystem files, Path path) throws IOException {
    try (FSDataInputStream in = files.open(path)) {
      return in.readAllBytes();
    }
  }

  /** The hash of a file's content, 64 hexadecimal digits. */
  public static String sha256(byte[] bytes) {
    return DigestUtils.sha256Hex(bytes);
  }
}
