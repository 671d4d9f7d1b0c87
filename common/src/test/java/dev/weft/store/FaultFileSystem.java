package dev.weft.store;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.Arrays;
import java.util.EnumSet;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CreateFlag;
import org.apache.hadoop.fs.DelegateToFileSystem;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Options.CreateFileOptionKeys;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/**
 * The local disk under the scheme {@code fault:}, which asks a test before and after every call.
 * Its rename without overwrite is atomic, as on HDFS; its conditional create is one, as on S3.
 */
public final class FaultFileSystem extends FileSystem {
  /** Asked before and after every call; what it throws, the call throws. */
  @FunctionalInterface
  interface Fault {
    void at(Moment moment, String call, Path path) throws IOException;
  }

  /** Whether the call has happened. */
  enum Moment {
    BEFORE,
    AFTER
  }

  /** The process is gone: not an exception that anything handles. */
  static final class Killed extends Error {}

  private static final Object ATOMIC = new Object();
  private static final Fault NONE = (moment, call, path) -> {};

  private static volatile Fault fault = NONE;
  private static volatile boolean conditional;

  private final RawLocalFileSystem disk =
      new RawLocalFileSystem() {
        @Override
        public void setPermission(Path path, FsPermission permission) {
          // Without Hadoop's native library this is a process per file.
        }
      };

  /** Settings by which Hadoop finds this file system, through both of its interfaces. */
  static Configuration settings() {
    Configuration settings = new Configuration();
    settings.setClass("fs.fault.impl", FaultFileSystem.class, FileSystem.class);
    settings.set("fs.AbstractFileSystem.fault.impl", Context.class.getName());
    return settings;
  }

  /** Puts a fault in place of the last one. */
  static void inject(Fault next) {
    fault = next;
  }

  /** A healthy store that knows, or does not know, the conditional create of S3. */
  static void reset(boolean likeS3) {
    fault = NONE;
    conditional = likeS3;
  }

  /** The same file system for FileContext. */
  public static final class Context extends DelegateToFileSystem {
    /** Called by Hadoop. */
    public Context(URI uri, Configuration settings) throws IOException, URISyntaxException {
      super(uri, FileSystem.get(uri, settings), settings, "fault", false);
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
    disk.initialize(URI.create("file:///"), settings);
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

  private static Path local(Path path) {
    return new Path("file", null, path.toUri().getPath());
  }

  private FileStatus shown(FileStatus status) {
    return new FileStatus(
        status.getLen(),
        status.isDirectory(),
        1,
        status.getBlockSize(),
        status.getModificationTime(),
        makeQualified(new Path(status.getPath().toUri().getPath())));
  }

  @Override
  public FSDataInputStream open(Path path, int bufferSize) throws IOException {
    return guarded("open", path, () -> disk.open(local(path), bufferSize));
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
        guarded("create", path, () -> disk.create(local(path), overwrite, bufferSize));
    return new FSDataOutputStream(
        new OutputStream() {
          private boolean closed;

          @Override
          public void write(int value) throws IOException {
            write(new byte[] {(byte) value}, 0, 1);
          }

          @Override
          public void write(byte[] bytes, int offset, int length) throws IOException {
            fault.at(Moment.BEFORE, "write", path);
            // A write that fails afterwards leaves a part behind.
            out.write(bytes, offset, length / 2);
            out.flush();
            fault.at(Moment.AFTER, "write half", path);
            out.write(bytes, offset + length / 2, length - length / 2);
            fault.at(Moment.AFTER, "write", path);
          }

          @Override
          public void close() throws IOException {
            if (!closed) {
              closed = true;
              guarded(
                  "close",
                  path,
                  () -> {
                    out.close();
                    return true;
                  });
            }
          }
        },
        null);
  }

  @Override
  public FSDataOutputStream createNonRecursive(
      Path path,
      FsPermission permission,
      EnumSet<CreateFlag> flags,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    return create(path, permission, false, bufferSize, replication, blockSize, progress);
  }

  @Override
  public boolean hasPathCapability(Path path, String capability) throws IOException {
    return capability.equals(CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE)
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
    private final FaultFileSystem files;
    private final Path path;

    Conditional(FaultFileSystem files, Path path) {
      super(files, path);
      this.files = files;
      this.path = path;
    }

    @Override
    public Conditional getThisBuilder() {
      return this;
    }

    @Override
    public FSDataOutputStream build() throws IOException {
      if (!getMandatoryKeys()
          .contains(CreateFileOptionKeys.FS_OPTION_CREATE_CONDITIONAL_OVERWRITE)) {
        throw new IOException("not conditional");
      }
      ByteArrayOutputStream content =
          new ByteArrayOutputStream() {
            @Override
            public void close() throws IOException {
              guarded("put", path, () -> files.put(path, toByteArray()));
            }
          };
      return new FSDataOutputStream(content, null);
    }
  }

  private boolean put(Path path, byte[] content) throws IOException {
    synchronized (ATOMIC) {
      try (FSDataOutputStream out = disk.create(local(path), false)) {
        out.write(content);
      }
      return true;
    }
  }

  @Override
  @SuppressWarnings("deprecation") // only for callers: FileContext arrives here
  protected void rename(Path from, Path to, Options.Rename... options) throws IOException {
    guarded(
        "rename",
        to,
        () -> {
          synchronized (ATOMIC) {
            if (disk.exists(local(to))) {
              throw new FileAlreadyExistsException(to.toString());
            }
            return disk.rename(local(from), local(to));
          }
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
    return guarded("delete", path, () -> disk.delete(local(path), recursive));
  }

  @Override
  public FileStatus[] listStatus(Path path) throws IOException {
    return guarded(
        "list",
        path,
        () ->
            Arrays.stream(disk.listStatus(local(path)))
                .map(this::shown)
                .toArray(FileStatus[]::new));
  }

  @Override
  public FileStatus getFileStatus(Path path) throws IOException {
    return guarded("status", path, () -> shown(disk.getFileStatus(local(path))));
  }

  @Override
  public boolean mkdirs(Path path, FsPermission permission) throws IOException {
    return guarded("mkdirs", path, () -> disk.mkdirs(local(path)));
  }

  @Override
  public void setWorkingDirectory(Path path) {
    disk.setWorkingDirectory(local(path));
  }

  @Override
  public Path getWorkingDirectory() {
    return makeQualifiedPath(disk.getWorkingDirectory());
  }

  private static Path makeQualifiedPath(Path path) {
    return new Path("fault", null, path.toUri().getPath());
  }
}
