package dev.weft.store;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;

/**
 * Hands the bytes of a Parquet file to the stream that counts and hashes them. What follows the
 * last row group is held back to the end, for {@link ParquetFooter#ordered}.
 */
final class ParquetOutput implements OutputFile {
  private final HashingOutput file;
  private final ByteArrayOutputStream held = new ByteArrayOutputStream();
  private OutputStream target;

  ParquetOutput(HashingOutput file) {
    this.file = file;
    target = file;
  }

  /** Says that all row groups are written. */
  void hold() {
    target = held;
  }

  @Override
  public PositionOutputStream create(long ignoredBlockSize) {
    return new PositionOutputStream() {
      @Override
      public long getPos() {
        return file.position() + held.size();
      }

      @Override
      public void write(int value) throws IOException {
        target.write(value);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        target.write(bytes, offset, length);
      }

      @Override
      public void flush() throws IOException {
        file.flush();
      }

      @Override
      public void close() throws IOException {
        if (held.size() > 0) {
          file.write(ParquetFooter.ordered(held.toByteArray()));
          held.reset();
        }
        file.close();
      }
    };
  }

  @Override
  public PositionOutputStream createOrOverwrite(long blockSize) {
    return create(blockSize);
  }

  @Override
  public boolean supportsBlockSize() {
    return false;
  }

  @Override
  public long defaultBlockSize() {
    return 0;
  }
}
