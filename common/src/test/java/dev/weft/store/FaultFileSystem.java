package dev.weft.store;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.PositionedReadable;
import org.apache.hadoop.fs.Seekable;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * Files in memory under the scheme {@code fault:}, which ask a test before and after every call.
 * Rename is atomic, as on HDFS; conditional create is one step, as on S3. A folder exists while
 * there is a file in it.
 */
public final class FaultFileSystem extends FileSystem {
  /** Asked before and after every call; what it throws, the call throws. */
  @FunctionalInterface
  public interface Fault {
    void at(Moment moment, String call, Path path) throws IOException;
  }

  /** Whether the call has happened. */
  public enum Moment {
    BEFORE,
    AFTER
  }

  /** The process is gone: not an exception that anything handles. */
  public static final class Killed extends Error {}

  private static final NavigableMap<String, byte[]> CONTENT = new ConcurrentSkipListMap<>();
  private static final Fault NONE = (moment, call, path) -> {};

  private static volatile Fault fault = NONE;
  private static volatile boolean conditional;

  /** Settings by which Hadoop finds this file system, through both of its interfaces. */
  public static Configuration settings() {
    Configuration settings = new Configuration();
    settings.setClass("fs.fault.impl", FaultFileSystem.class, FileSystem.class);
    settings.set("fs.AbstractFileSystem.fault.impl", Context.class.getName());
    return settings;
  }

  /** Puts a fault in place of the last one. */
  public static void inject(Fault next) {
    fault = next;
  }

  /** A healthy store that knows, or does not know, the conditional create of S3. */
  public static void reset(boolean likeS3) {
    fault = NONE;
    conditional = likeS3;
  }

  /** Forgets all files. */
  public static void clear() {
    CONTENT.clear();
  }

  /** The same file system for FileContext. */
  public static final class Context extends DelegateToFileSystem {
    private final FaultFileSystem files;

    /** Called by Hadoop. */
    public Context(URI uri, Configuration settings) throws IOException, URISyntaxException {
      this(uri, (FaultFileSystem) FileSystem.get(uri, settings), settings);
    }

    private Context(URI uri, FaultFileSystem files, Configuration settings)
        throws IOException, URISyntaxException {
      super(uri, files, settings, "fault", false);
      this.files = files;
    }

    /** One step, as on HDFS; Hadoop's default deletes what is to be overwritten first. */
    @Override
    public void renameInternal(Path from, Path to, boolean overwrite) throws IOException {
      Options.Rename option = overwrite ? Options.Rename.OVERWRITE : Options.Rename.NONE;
      files.rename(from, to, option);
    }

    @Override
    public int getUriDefaultPort() {
      return -1;
    }
  }

  @FunctionalInterface
  private interface Call<T> {
    T run() throws IOException;
  }

  private static <T> T guarded(String call, Path path, Call<T> body) throws IOException {
    fault.at(Moment.BEFORE, call, path);
    T result = body.run();
    fault.at(Moment.AFTER, call, path);
    return result;
  }

  @Override
  public void initialize(URI name, Configuration settings) throws IOException {
    super.initialize(name, settings);
    setConf(settings);
  }

  @Override
  public URI getUri() {
    return URI.create("fault:///");
  }

  @Override
  public String getScheme() {
    return "fault";
  }

  private static String key(Path path) {
    return path.toUri().getPath();
  }

  private FileStatus file(String key) {
    byte[] content = CONTENT.get(key);
    return new FileStatus(
        content.length, false, 1, 1, Outputs.NOON.toEpochMilli(), makeQualified(new Path(key)));
  }

  private FileStatus folder(String key) {
    return new FileStatus(0, true, 1, 1, 0, makeQualified(new Path(key)));
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    return guarded(
        "open",
        path,
        () -> {
          byte[] content = CONTENT.get(key(path));
          if (content == null) {
            throw new FileNotFoundException(path.toString());
          }
          return new FSDataInputStream(new Bytes(content));
        });
  }

  /** What Hadoop asks of an input stream. */
  private static final class Bytes extends ByteArrayInputStream
      implements Seekable, PositionedReadable {
    Bytes(byte[] content) {
      super(content);
    }

    @Override
    public synchronized void seek(long position) {
      pos = Math.toIntExact(position);
    }

    @Override
    public synchronized long getPos() {
      return pos;
    }

    @Override
    public boolean seekToNewSource(long position) {
      return false;
    }

    @Override
    public int read(long position, byte[] target, int offset, int length) {
      throw new UnsupportedOperationException("The store reads from front to end.");
    }

    @Override
    public void readFully(long position, byte[] target, int offset, int length) {
      throw new UnsupportedOperationException("The store reads from front to end.");
    }

    @Override
    public void readFully(long position, byte[] target) {
      throw new UnsupportedOperationException("The store reads from front to end.");
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
      Progressable progress)
      throws IOException {
    return guarded(
        "create",
        path,
        () -> {
          if (!overwrite && CONTENT.containsKey(key(path))) {
            throw new FileAlreadyExistsException(path.toString());
          }
          Growing file = new Growing(path, !conditional);
          file.show(!conditional);
          return new FSDataOutputStream(file, null);
        });
  }

  /** On HDFS readers see what was written so far, on S3 nothing before it is closed. */
  private static final class Growing extends OutputStream {
    private final ByteArrayOutputStream content = new ByteArrayOutputStream();
    private final Path path;
    private final boolean seen;
    private boolean closed;

    Growing(Path path, boolean seen) {
      this.path = path;
      this.seen = seen;
    }

    void show(boolean now) {
      if (now) {
        CONTENT.put(key(path), content.toByteArray());
      }
    }

    @Override
    public void write(int value) throws IOException {
      write(new byte[] {(byte) value}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      fault.at(Moment.BEFORE, "write", path);
      content.write(bytes, offset, length / 2);
      show(seen);
      fault.at(Moment.AFTER, "write half", path);
      content.write(bytes, offset + length / 2, length - length / 2);
      show(seen);
      fault.at(Moment.AFTER, "write", path);
    }

    @Override
    public void close() throws IOException {
      if (!closed) {
        closed = true;
        fault.at(Moment.BEFORE, "close", path);
        show(true);
        fault.at(Moment.AFTER, "close", path);
      }
    }
  }

  @Override
  public boolean hasPathCapability(Path path, String capability) throws IOException {
    return capability.equals(ExclusiveCreate.CONDITIONAL_OVERWRITE)
        ? conditional
        : super.hasPathCapability(path, capability);
  }

  @Override
  @SuppressWarnings("rawtypes") // as declared by Hadoop
  public FSDataOutputStreamBuilder createFile(Path path) {
    return new Conditional(this, path);
  }

  private static final class Conditional
      extends FSDataOutputStreamBuilder<FSDataOutputStream, Conditional> {
    private final Path path;

    Conditional(FaultFileSystem files, Path path) {
      super(files, path);
      this.path = path;
    }

    @Override
    public Conditional getThisBuilder() {
      return this;
    }

    @Override
    public FSDataOutputStream build() throws IOException {
      if (!getMandatoryKeys().contains(ExclusiveCreate.CONDITIONAL_OVERWRITE)) {
        throw new IOException("not conditional");
      }
      ByteArrayOutputStream content =
          new ByteArrayOutputStream() {
            @Override
            public void close() throws IOException {
              guarded("put", path, () -> put(path, toByteArray()));
            }
          };
      return new FSDataOutputStream(content, null);
    }
  }

  private static boolean put(Path path, byte[] content) throws IOException {
    if (CONTENT.putIfAbsent(key(path), content) != null) {
      throw new IOException("412 precondition failed");
    }
    return true;
  }

  @Override
  @SuppressWarnings("deprecation") // only for callers: FileContext arrives here
  protected void rename(Path from, Path to, Options.Rename... options) throws IOException {
    guarded(
        "rename",
        to,
        () -> {
          if (Arrays.asList(options).contains(Options.Rename.OVERWRITE)) {
            CONTENT.put(key(to), CONTENT.get(key(from)));
          } else if (CONTENT.putIfAbsent(key(to), CONTENT.get(key(from))) != null) {
            throw new FileAlreadyExistsException(to.toString());
          }
          return CONTENT.remove(key(from));
        });
  }

  @Override
  public boolean rename(Path from, Path to) {
    throw new UnsupportedOperationException("The store must not use this rename.");
  }

  @Override
  public FSDataOutputStream append(Path path, int bufferSize, Progressable progress) {
    throw new UnsupportedOperationException("The store never appends.");
  }

  @Override
  public boolean delete(Path path, boolean recursive) throws IOException {
    return guarded("delete", path, () -> CONTENT.remove(key(path)) != null);
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    return guarded(
        "list",
        path,
        () -> {
          String inside = key(path) + "/";
          Map<String, FileStatus> children = new TreeMap<>();
          for (String key : CONTENT.tailMap(inside).keySet()) {
            if (!key.startsWith(inside)) {
              break;
            }
            int slash = key.indexOf('/', inside.length());
            String child = slash < 0 ? key : key.substring(0, slash);
            children.put(child, slash < 0 ? file(child) : folder(child));
          }
          if (children.isEmpty()) {
            throw new FileNotFoundException(path.toString());
          }
          return children.values().toArray(FileStatus[]::new);
        });
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    return guarded(
        "status",
        path,
        () -> {
          String key = key(path);
          if (CONTENT.containsKey(key)) {
            return file(key);
          }
          String next = CONTENT.ceilingKey(key + "/");
          if (next == null || !next.startsWith(key + "/")) {
            throw new FileNotFoundException(path.toString());
          }
          return folder(key);
        });
  }

  @Override
  public boolean mkdirs(Path path, FsPermission permission) throws IOException {
    return guarded("mkdirs", path, () -> true);
  }

  @Override
  public void setWorkingDirectory(Path path) {
    throw new UnsupportedOperationException("The store works with whole paths.");
  }

  @Override
  public Path getWorkingDirectory() {
    return new Path("fault:///");
  }
}
