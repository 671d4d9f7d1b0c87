package dev.weft.align;

import dev.weft.ingest.RgbImage;
import java.util.SplittableRandom;

/**
 * Small changes of a training picture that leave its description true.
 *
 * @param maxShift pixels by which it is moved at most, in both directions; its edge is repeated
 * @param mirror whether half of the pictures are mirrored
 */
public record Augmentation(int maxShift, boolean mirror) {

  /**
   * Changes one picture.
   *
   * @param key selects the change: equal keys, equal changes
   */
  public RgbImage apply(RgbImage image, long key) {
    SplittableRandom random = new SplittableRandom(key);
    int across = random.nextInt(2 * maxShift + 1) - maxShift;
    int down = random.nextInt(2 * maxShift + 1) - maxShift;
    boolean flip = mirror && random.nextBoolean();
    if (across == 0 && down == 0 && !flip) {
      return image;
    }
    int width = image.width();
    byte[] in = image.rgb();
    byte[] out = new byte[in.length];
    for (int y = 0; y < image.height(); y++) {
      int fromY = Math.max(0, Math.min(image.height() - 1, y - down));
      for (int x = 0; x < width; x++) {
        int shifted = Math.max(0, Math.min(width - 1, x - across));
        int fromX = flip ? width - 1 - shifted : shifted;
        System.arraycopy(in, 3 * (fromY * width + fromX), out, 3 * (y * width + x), 3);
      }
    }
    return new RgbImage(width, image.height(), out);
  }
}
