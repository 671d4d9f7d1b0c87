package dev.weft.jobs.release;

import dev.weft.jobs.Weft;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.nio.file.Files;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk of a process that stands still once it has created a certain file, which is empty
 * by then, or opened one that was made since it began, so that somebody can kill it exactly there.
 * All its other threads go on.
 */
public final class PausingFileSystem extends LocalFileSystem {
  /**
   * The calls that count, a pattern of such as {@code create /path}; none: it never stands still.
   */
  static final String CALLS = "weft.test.pause.calls";

  /** Which of these calls it is, from 1. */
  static final String NUMBER = "weft.test.pause.number";

  /** A file that says that the process stands still. */
  static final String REACHED = "weft.test.pause.reached";

  private static final AtomicInteger COUNT = new AtomicInteger();

  /** Called by Hadoop. */
  public PausingFileSystem() {
    super(new Raw());
  }

  /** The command line of Weft on this disk. */
  public static void main(String[] arguments) throws IOException {
    Configuration settings = new Configuration();
    settings.setClass("fs.file.impl", PausingFileSystem.class, FileSystem.class);
    FileSystem.get(URI.create("file:///"), settings); // Hadoop keeps it for all that come
    Weft.main(arguments);
  }

  private static final class Raw extends RawLocalFileSystem {
    private final Pattern calls = Pattern.compile(System.getProperty(CALLS, "(?!)"));
    private final int number = Integer.getInteger(NUMBER, 1);
    private final long begun = ManagementFactory.getRuntimeMXBean().getStartTime();

    @Override
    public FSDataOutputStream create(
        Path path,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      FSDataOutputStream out =
          super.create(path, overwrite, bufferSize, replication, blockSize, progress);
      called("create", path);
      return out;
    }

    @Override
    public FSDataOutputStream create(
        Path path,
        FsPermission permission,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      FSDataOutputStream out =
          super.create(path, permission, overwrite, bufferSize, replication, blockSize, progress);
      called("create", path);
      return out;
    }

    @Override
    public FSDataInputStream open(Path path, int bufferSize) throws IOException {
      FSDataInputStream in = super.open(path, bufferSize);
      if (getFileStatus(path).getModificationTime() >= begun) {
        called("open", path);
      }
      return in;
    }

    private void called(String name, Path path) throws IOException {
      String call = name + " " + path.toUri().getPath();
      if (calls.matcher(call).find() && COUNT.incrementAndGet() >= number) {
        Files.writeString(java.nio.file.Path.of(System.getProperty(REACHED)), call);
        try {
          new CountDownLatch(1).await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    }
  }
}
