package dev.weft.ingest;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * The images of a tar archive in their order, read from its beginning to its end: what object
 * stores and disks are fastest at. Members that are no image files, and hidden ones, are passed
 * over. Shards of WebDataset are such archives.
 *
 * <p>Used by one thread.
 */
public final class TarShard implements Iterator<TarShard.Member>, AutoCloseable {
  private final Path path;
  private final FSDataInputStream in;
  private final TarArchiveInputStream tar;
  private final long maxBytes;
  private String last = "its beginning";
  private Optional<Member> next;

  private TarShard(Path path, FSDataInputStream in, long maxBytes) {
    this.path = path;
    this.in = in;
    this.tar = new TarArchiveInputStream(in);
    this.maxBytes = maxBytes;
    this.next = advance();
  }

  /**
   * An image file in the archive.
   *
   * @param location where its bytes are
   * @param bytes its content; empty where it is larger than the limit
   */
  @SuppressWarnings("ArrayRecordComponent") // moved, never compared
  public record Member(ImageLocation location, Optional<byte[]> bytes) {}

  /** Whether a file name is that of an archive that is read. */
  public static boolean isShard(String name) {
    return name.endsWith(".tar");
  }

  /**
   * Opens an archive.
   *
   * @param maxBytes larger members are not read
   */
  public static TarShard open(FileSystem files, Path path, long maxBytes) throws IOException {
    return new TarShard(path, files.open(path), maxBytes);
  }

  @Override
  public boolean hasNext() {
    return next.isPresent();
  }

  @Override
  public Member next() {
    Member member = next.orElseThrow(NoSuchElementException::new);
    next = advance();
    return member;
  }

  private Optional<Member> advance() {
    try {
      for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
        String name =
            entry.getName().startsWith("./") ? entry.getName().substring(2) : entry.getName();
        if (entry.isFile() && ImageFile.isImage(name) && !ImageFile.isHidden(name)) {
          ImageLocation location =
              new ImageLocation(path.toString(), in.getPos(), entry.getSize(), name);
          Optional<byte[]> bytes =
              entry.getSize() > maxBytes ? Optional.empty() : Optional.of(tar.readAllBytes());
          last = name;
          return Optional.of(new Member(location, bytes));
        }
      }
      return Optional.empty();
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot read the shard %s after %s: %s. If it is damaged, copy it again; else run the"
              + " same command again.",
          path,
          last,
          e.getMessage());
    }
  }

  @Override
  public void close() throws IOException {
    tar.close();
  }
}
