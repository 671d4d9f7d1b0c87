package dev.weft.store;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSDataOutputStreamBuilder;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Options.Rename;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;

/**
 * Creates a small file whole, and only where there is none: of all writers of one path exactly one
 * succeeds, and no reader sees a part of it. Or puts it, as whole, in the place of another.
 *
 * <p>An exception leaves the outcome open: the file may be there, from this writer or from another.
 * The caller reads it to find out.
 */
sealed interface ExclusiveCreate {
  /** Hadoop setting by which a user vouches that one job at a time writes below the root. */
  String SINGLE_WRITER = "weft.store.single-writer";

  /** The option of Hadoop 3.4.2; older ones, which Spark 4.0 brings, have no constant for it. */
  String CONDITIONAL_OVERWRITE = "fs.option.create.conditional.overwrite";

  /** What files are called until they are complete; never a name that readers look for. */
  String TEMPORARY_PREFIX = ".tmp-";

  /** Creates the file, or throws. */
  void create(Path target, byte[] content) throws IOException;

  /** Creates the file, or puts it in the place of what is there: readers see one or the other. */
  void replace(Path target, byte[] content) throws IOException;

  /** The way that is safe on the given file system. */
  static ExclusiveCreate on(FileSystem files, Path folder, Configuration hadoop)
      throws IOException {
    String scheme = files.getUri().getScheme();
    if (scheme.equals("file")) {
      return new HardLink();
    }
    if (scheme.equals("hdfs")) {
      return new Move(files, FileContext.getFileContext(files.getUri(), hadoop));
    }
    if (files.hasPathCapability(folder, CONDITIONAL_OVERWRITE)) {
      return new ConditionalPut(files);
    }
    if (hadoop.getBoolean(SINGLE_WRITER, false)) {
      return new Move(files, FileContext.getFileContext(files.getUri(), hadoop));
    }
    throw new WeftException(
        ExitCode.CONFIG,
        "Cannot write to %s: this store does not offer to create a file only where there is none,"
            + " so two jobs could overwrite each other's version. On S3 use hadoop-aws 3.4.2 or"
            + " newer and a store that honours If-None-Match; or, if never more than one job at a"
            + " time writes there, set spark.hadoop.%s=true.",
        folder,
        SINGLE_WRITER);
  }

  /** Local disk: a hard link to a finished file fails where the name is taken. */
  record HardLink() implements ExclusiveCreate {
    // Hadoop's local file system has neither links nor a rename that refuses to overwrite.
    @Override
    public void create(Path target, byte[] content) throws IOException {
      publish(target, content, (temporary, local) -> Files.createLink(local, temporary));
    }

    @Override
    public void replace(Path target, byte[] content) throws IOException {
      publish(
          target,
          content,
          (temporary, local) -> Files.move(temporary, local, StandardCopyOption.ATOMIC_MOVE));
    }

    /** Gives a finished file its name. */
    @FunctionalInterface
    private interface Naming {
      void name(java.nio.file.Path temporary, java.nio.file.Path local) throws IOException;
    }

    private static void publish(Path target, byte[] content, Naming naming) throws IOException {
      java.nio.file.Path local = java.nio.file.Path.of(target.toUri().getPath());
      java.nio.file.Path folder = Files.createDirectories(local.getParent());
      java.nio.file.Path temporary = folder.resolve(temporaryName());
      try {
        try (FileChannel out =
            FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          ByteBuffer rest = ByteBuffer.wrap(content);
          while (rest.hasRemaining()) {
            out.write(rest);
          }
          out.force(true);
        }
        naming.name(temporary, local);
        try (FileChannel entries = FileChannel.open(folder, StandardOpenOption.READ)) {
          entries.force(true);
        }
      } catch (UnsupportedOperationException e) {
        throw new IOException("the disk of " + folder + " has no hard links", e);
      } finally {
        Files.deleteIfExists(temporary);
      }
    }
  }

  /** HDFS: its rename without overwrite is one atomic step of the name node. */
  record Move(FileSystem files, FileContext context) implements ExclusiveCreate {
    @Override
    public void create(Path target, byte[] content) throws IOException {
      publish(target, content, Rename.NONE);
    }

    @Override
    public void replace(Path target, byte[] content) throws IOException {
      publish(target, content, Rename.OVERWRITE);
    }

    private void publish(Path target, byte[] content, Rename rename) throws IOException {
      Path temporary = new Path(target.getParent(), temporaryName());
      files.mkdirs(target.getParent());
      try (FSDataOutputStream out = files.create(temporary, false)) {
        out.write(content);
        if (out.hasCapability(StreamCapabilities.HSYNC)) {
          out.hsync();
        }
      }
      // Not FileSystem.rename: that one reports failure by a boolean, and may overwrite.
      context.rename(temporary, target, rename);
    }
  }

  /** S3: the upload carries If-None-Match and is refused by the store where the key is taken. */
  record ConditionalPut(FileSystem files) implements ExclusiveCreate {
    @Override
    public void create(Path target, byte[] content) throws IOException {
      FSDataOutputStreamBuilder<?, ?> builder = files.createFile(target);
      builder.overwrite(true); // the check is the option's, at the end of the upload
      builder.must(CONDITIONAL_OVERWRITE, true);
      upload(builder.build(), content);
    }

    @Override
    public void replace(Path target, byte[] content) throws IOException {
      upload(files.create(target, true), content);
    }

    private static void upload(FSDataOutputStream out, byte[] content) throws IOException {
      try {
        out.write(content);
      } catch (IOException e) {
        // Closing would publish what was written so far.
        if (out.hasCapability(CommonPathCapabilities.ABORTABLE_STREAM)) {
          out.abort();
        }
        throw e;
      }
      out.close();
    }
  }

  private static String temporaryName() {
    return TEMPORARY_PREFIX + UUID.randomUUID();
  }
}
