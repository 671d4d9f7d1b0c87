package dev.weft.encode;

import dev.weft.compute.VectorModule;

/**
 * The inner loops of {@link Resize}, in two forms with the same results: plain Java, and the
 * processor's vector registers where the vector module is there.
 */
interface ResizePasses {
  /**
   * Weighted sums of neighbouring pixels of each row.
   *
   * @param in rows of pixels, three bytes each
   * @param width pixels of a row
   * @param top the first row wanted
   * @param bottom one more than the last
   * @return rows of as many pixels as the kernel has outputs
   */
  byte[] across(byte[] in, int width, int top, int bottom, ResizeKernel kernel);

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
    public byte[] across(byte[] in, int width, int top, int bottom, ResizeKernel kernel) {
      byte[] out = new byte[3 * kernel.size() * (bottom - top)];
      int to = 0;
      for (int y = top; y < bottom; y++) {
        for (int x = 0; x < kernel.size(); x++) {
          int red = ResizeKernel.HALF;
          int green = red;
          int blue = red;
          int at = 3 * (y * width + kernel.first()[x]);
          for (int weight : kernel.weights()[x]) {
            red += (in[at] & 0xff) * weight;
            green += (in[at + 1] & 0xff) * weight;
            blue += (in[at + 2] & 0xff) * weight;
            at += 3;
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
