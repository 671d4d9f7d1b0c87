package dev.weft.store;

import java.io.IOException;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;

/** Hands the bytes of a Parquet file to the stream that counts and hashes them. */
record ParquetOutput(HashingOutput file) implements OutputFile {
  @Override
  public PositionOutputStream create(long ignoredBlockSize) {
    return new PositionOutputStream() {
      @Override
      public long getPos() {
        return file.position();
      }

      @Override
      public void write(int value) throws IOException {
        file.write(value);
      }

      @Override
      public void write(byte[] bytes, int offset, int length) throws IOException {
        file.write(bytes, offset, length);
      }

      @Override
      public void flush() throws IOException {
        file.flush();
      }

      @Override
      public void close() throws IOException {
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
