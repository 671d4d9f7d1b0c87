package dev.weft.ingest;

import java.io.InterruptedIOException;
import javax.imageio.stream.ImageInputStreamImpl;

/** A file in memory, read without a copy. An interrupted thread gets no more of it. */
final class ByteArrayInput extends ImageInputStreamImpl {
  private final byte[] bytes;

  ByteArrayInput(byte[] bytes) {
    this.bytes = bytes;
  }

  @Override
  public int read() throws InterruptedIOException {
    goOn();
    bitOffset = 0;
    return streamPos < bytes.length ? bytes[(int) streamPos++] & 0xFF : -1;
  }

  @Override
  public int read(byte[] to, int offset, int length) throws InterruptedIOException {
    goOn();
    bitOffset = 0;
    if (streamPos >= bytes.length) {
      return -1;
    }
    int count = (int) Math.min(length, bytes.length - streamPos);
    System.arraycopy(bytes, (int) streamPos, to, offset, count);
    streamPos += count;
    return count;
  }

  @Override
  public long length() {
    return bytes.length;
  }

  private static void goOn() throws InterruptedIOException {
    if (Thread.currentThread().isInterrupted()) {
      throw new InterruptedIOException("the time for decoding is over");
    }
  }
}
