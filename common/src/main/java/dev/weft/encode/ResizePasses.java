package dev.weft.encode;

import dev.weft.compute.VectorModule;
import dev.weft.ingest.Picture;

/**
 * The inner loops of {@link Resize}, in two forms with the same results: plain Java, and the
 * processor's vector registers where the vector module is there.
 */
interface ResizePasses {
  /**
   * Weighted sums of neighbouring pixels of each row.
   *
   * @param top the first row wanted
   * @param bottom one more than the last
   * @return rows of as many pixels as the kernel has outputs, three bytes each
   */
  byte[] across(Picture in, int top, int bottom, ResizeKernel kernel);

  /**
   * Weighted sums of neighbouring rows.
   *
   * @param in rows
   * @param length bytes of a row
   * @param top the number that the first of them has for the kernel
   * @return as many rows as the kernel has outputs
   */
  byte[] down(byte[] in, int length, int top, ResizeKernel kernel);

  /** The fastest form that runs here. */
  static ResizePasses best() {
    return Best.PASSES;
  }

  /** The fixed-point sum as a byte. */
  static byte clip(int sum) {
    return (byte) Math.max(0, Math.min(255, sum >> ResizeKernel.FRACTION_BITS));
  }

  /** Chosen by the class loader, once per process. */
  final class Best {
    private static final ResizePasses PASSES =
        VectorModule.load("dev.weft.encode.VectorResizePasses", ResizePasses.class)
            .orElseGet(Plain::new);

    private Best() {}
  }

  /** Plain Java. */
  final class Plain implements ResizePasses {
    @Override
    public byte[] across(Picture in, int top, int bottom, ResizeKernel kernel) {
      byte[] out = new byte[3 * kernel.size() * (bottom - top)];
      int[] row = new int[kernel.end() - kernel.start()];
      int to = 0;
      for (int y = top; y < bottom; y++) {
        in.row(y, kernel.start(), row.length, row, 0);
        for (int x = 0; x < kernel.size(); x++) {
          int red = ResizeKernel.HALF;
          int green = red;
          int blue = red;
          int at = kernel.first()[x] - kernel.start();
          for (int weight : kernel.weights()[x]) {
            int pixel = row[at++];
            red += (pixel >>> 24) * weight;
            green += (pixel >> 16 & 0xff) * weight;
            blue += (pixel >> 8 & 0xff) * weight;
          }
          out[to] = clip(red);
          out[to + 1] = clip(green);
          out[to + 2] = clip(blue);
          to += 3;
        }
      }
      return out;
    }

    @Override
    public byte[] down(byte[] in, int length, int top, ResizeKernel kernel) {
      byte[] out = new byte[length * kernel.size()];
      for (int y = 0; y < kernel.size(); y++) {
        int from = (kernel.first()[y] - top) * length;
        sum(in, from, length, kernel.weights()[y], out, y * length, 0);
      }
      return out;
    }

    /** The weighted sum of rows, for their bytes from {@code begin} on. */
    static void sum(byte[] in, int from, int length, int[] weights, byte[] out, int to, int begin) {
      for (int i = begin; i < length; i++) {
        int sum = ResizeKernel.HALF;
        int at = from + i;
        for (int weight : weights) {
          sum += (in[at] & 0xff) * weight;
          at += length;
        }
        out[to + i] = clip(sum);
      }
    }
  }
}
