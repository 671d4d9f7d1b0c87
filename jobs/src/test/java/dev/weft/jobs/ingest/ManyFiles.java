package dev.weft.jobs.ingest;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PositionedReadable;
import org.apache.hadoop.fs.Seekable;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.apache.spark.TaskContext;

/**
 * A file system that holds 40 folders of 500 image files, none of which takes any room, and counts
 * who calls what: {@code driver} or {@code task}, then {@code list}, {@code status} or {@code
 * open}.
 */
public final class ManyFiles extends FileSystem {
  static final Map<String, LongAdder> CALLS = new ConcurrentHashMap<>();
  private static final int FOLDERS = 40;
  private static final int FILES = 500;
  private static final byte[] PNG = png();

  static long calls(String what) {
    return CALLS.getOrDefault(what, new LongAdder()).sum();
  }

  private static byte[] png() {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      ImageIO.write(new BufferedImage(4, 4, BufferedImage.TYPE_INT_RGB), "png", out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private static void count(String call) {
    String who = TaskContext.get() == null ? "driver " : "task ";
    CALLS.computeIfAbsent(who + call, name -> new LongAdder()).increment();
  }

  @Override
  public URI getUri() {
    return URI.create("many:/");
  }

  private FileStatus folder(Path path) {
    return new FileStatus(0, true, 1, 1, 0, makeQualified(path));
  }

  private FileStatus file(Path path) {
    return new FileStatus(PNG.length, false, 1, 1, 0, makeQualified(path));
  }

  @Override
  public FileStatus[] listStatus(Path path) {
    count("list");
    return path.getName().equals("images")
        ? IntStream.range(0, FOLDERS)
            .mapToObj(i -> folder(new Path(path, String.format(Locale.ROOT, "%02d", i))))
            .toArray(FileStatus[]::new)
        : IntStream.range(0, FILES)
            .mapToObj(i -> file(new Path(path, String.format(Locale.ROOT, "%04d.png", i))))
            .toArray(FileStatus[]::new);
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    count("status");
    if (path.getName().endsWith(".png")) {
      return file(path);
    }
    if (path.getName().contains(".")) {
      throw new FileNotFoundException(path.toString());
    }
    return folder(path);
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) {
    count("open");
    return new FSDataInputStream(new Content());
  }

  private static final class Content extends ByteArrayInputStream
      implements Seekable, PositionedReadable {
    Content() {
      super(PNG);
    }

    @Override
    public void seek(long to) {
      pos = (int) to;
    }

    @Override
    public long getPos() {
      return pos;
    }

    @Override
    public boolean seekToNewSource(long target) {
      return false;
    }

    @Override
    public int read(long position, byte[] buffer, int offset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void readFully(long position, byte[] buffer, int offset, int length) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void readFully(long position, byte[] buffer) {
      throw new UnsupportedOperationException();
    }
  }

  @Override
  public FSDataOutputStream create(
      Path path,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress) {
    throw new UnsupportedOperationException();
  }

  @Override
  public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean rename(Path from, Path to) {
    throw new UnsupportedOperationException();
  }

  @Override
  public boolean delete(Path path, boolean recursive) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void setWorkingDirectory(Path path) {
    throw new UnsupportedOperationException();
  }

  @Override
  public Path getWorkingDirectory() {
    return new Path("many:/");
  }

  @Override
  public boolean mkdirs(Path path, FsPermission permission) {
    throw new UnsupportedOperationException();
  }
}
