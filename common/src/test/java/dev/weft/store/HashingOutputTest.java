package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HashingOutputTest {
  @TempDir Path root;

  /** As HDFS does: once a write has failed, closing throws the very same exception. */
  static final class Broken extends RawLocalFileSystem {
    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path path,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      IOException failure = new IOException("no DataNode is there");
      OutputStream failing =
          new OutputStream() {
            @Override
            public void write(int value) throws IOException {
              throw failure;
            }

            @Override
            public void close() throws IOException {
              throw failure;
            }
          };
      return new FSDataOutputStream(failing, null);
    }
  }

  @Test
  void anExceptionThatComesTwiceIsStillReported() throws IOException {
    try (Broken files = new Broken()) {
      files.initialize(URI.create("broken:///"), new Configuration());

      assertThatThrownBy(() -> write(files))
          .isInstanceOf(IOException.class)
          .hasMessage("no DataNode is there");
    }
  }

  private void write(FileSystem files) throws IOException {
    org.apache.hadoop.fs.Path folder = new org.apache.hadoop.fs.Path(root.toString());
    try (HashingOutput out = HashingOutput.create(files, folder, "head.json", () -> {})) {
      out.write(1);
    }
  }
}
