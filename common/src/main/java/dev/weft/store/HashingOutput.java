package dev.weft.store;

import java.io.IOException;
import java.io.OutputStream;
import java.security.MessageDigest;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.io.IOUtils;

/**
 * Writes one file of an attempt and computes its length and checksum on the way.
 *
 * <p>Closing forces the content to the disks where the file system can. Works in the tasks of a job
 * as well as in its driver; for the driver {@link Attempt#create} is shorter. Not thread-safe.
 */
public final class HashingOutput extends OutputStream {
  private final FSDataOutputStream out;
  private final MessageDigest digest = Sha256.digest();
  private final String path;
  private final Runnable whenClosed;
  private long position;
  private String sha256 = "";

  private HashingOutput(FSDataOutputStream out, String path, Runnable whenClosed) {
    this.out = out;
    this.path = path;
    this.whenClosed = whenClosed;
  }

  /**
   * Begins a file.
   *
   * @param hadoop settings of the file system
   * @param folder {@link Attempt#folder}
   * @param name path of the new file inside the folder
   */
  public static HashingOutput create(Configuration hadoop, Path folder, String name)
      throws IOException {
    return create(Storage.of(hadoop, folder), folder, name, () -> {});
  }

  static HashingOutput create(FileSystem files, Path folder, String name, Runnable whenClosed)
      throws IOException {
    Names.checkRelative(name);
    FSDataOutputStream out = files.create(new Path(folder, name), false);
    return new HashingOutput(out, folder.getName() + "/" + name, whenClosed);
  }

  /** Bytes written so far. */
  public long position() {
    return position;
  }

  /**
   * The finished file, for {@link Attempt#add}.
   *
   * @param table the table it belongs to, empty for a plain file
   * @param rows its rows, 0 for a plain file
   */
  public FileEntry entry(String table, long rows) {
    if (sha256.isEmpty()) {
      throw new IllegalStateException("Cannot list " + path + ": it is not closed yet.");
    }
    return new FileEntry(path, table, position, rows, sha256);
  }

  @Override
  public void write(int value) throws IOException {
    out.write(value);
    digest.update((byte) value);
    position++;
  }

  @Override
  public void write(byte[] bytes, int offset, int length) throws IOException {
    out.write(bytes, offset, length);
    digest.update(bytes, offset, length);
    position += length;
  }

  @Override
  public void flush() throws IOException {
    out.flush();
  }

  @Override
  public void close() throws IOException {
    if (!sha256.isEmpty()) {
      return;
    }
    try {
      finish();
    } catch (IOException e) {
      // An exception of its own: HDFS throws again what a write before threw, and Java refuses to
      // note an exception as suppressed by itself.
      throw new IOException(e.getMessage(), e);
    }
    sha256 = Sha256.hex(digest);
    whenClosed.run();
  }

  private void finish() throws IOException {
    try {
      if (out.hasCapability(StreamCapabilities.HSYNC)) {
        out.hsync();
      }
    } catch (IOException e) {
      IOUtils.closeStream(out); // throws the same again
      throw e;
    }
    out.close();
  }
}
