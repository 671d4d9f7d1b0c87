package dev.weft.encode;

import dev.weft.ingest.Picture;
import dev.weft.ingest.RgbImage;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * How a decoded picture becomes the input of an image tower: part of an encoder's identity, as the
 * same weights see something else when it changes.
 *
 * @param size S, the side of the square, pixels
 * @param resample the kernel of the resize
 * @param fit how the picture becomes a square
 * @param mean of red, green and blue, on the scale 0 to 1; subtracted
 * @param std of red, green and blue, on the scale 0 to 1; divided by, positive
 */
public record Preprocessing(
    int size, Resample resample, Fit fit, List<Double> mean, List<Double> std) {
  /** Largest ratio of the longer to the shorter side that {@link Fit#TARGET_PAD} leaves alone. */
  private static final double TARGET_RATIO = 1.25;

  /** Changed when the arithmetic of this class or of {@link Resize} changes its results. */
  private static final int VERSION = 1;

  public Preprocessing {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (size < 1 || mean.size() != 3 || std.size() != 3 || std.stream().anyMatch(s -> !(s > 0))) {
      throw new IllegalArgumentException(
          "preprocessing needs a size of at least 1 and three means and positive deviations, found "
              + List.of(size, mean, std));
    }
  }

  /** A hash of all that decides the result, 64 hexadecimal digits. */
  public String fingerprint() {
    return Fingerprint.of(
        ("preprocessing " + VERSION + " " + this).getBytes(StandardCharsets.UTF_8));
  }

  /** The picture as the tower sees it, still in bytes: a square of side {@link #size}. */
  public RgbImage square(Picture image) {
    return switch (fit) {
      case SQUASH -> Resize.to(image, size, size, resample);
      case CROP -> middle(image);
      case TARGET_PAD -> middle(pad(image, TARGET_RATIO));
    };
  }

  /**
   * Normalises the pixels of a square picture.
   *
   * @param square an image of side {@link #size}
   * @return {@code (pixel / 255 - mean) / std}, interleaved as in the image, {@code [S, S, 3]}
   */
  public float[] normalize(RgbImage square) {
    if (square.width() != size || square.height() != size) {
      throw new IllegalArgumentException(
          "expected a square of side "
              + size
              + ", found "
              + square.width()
              + "x"
              + square.height());
    }
    float[][] table = new float[3][256];
    for (int channel = 0; channel < 3; channel++) {
      for (int value = 0; value < 256; value++) {
        table[channel][value] = (float) ((value / 255.0 - mean.get(channel)) / std.get(channel));
      }
    }
    byte[] rgb = square.rgb();
    float[] values = new float[rgb.length];
    for (int i = 0; i < rgb.length; i++) {
      values[i] = table[i % 3][rgb[i] & 0xff];
    }
    return values;
  }

  /**
   * The middle of the picture whose shorter side is {@link #size}. The longer side is rounded down,
   * as torchvision does; a middle between two pixels goes to the even one, as Python's {@code
   * round} does.
   */
  private RgbImage middle(Picture image) {
    boolean tall = image.width() <= image.height();
    int width = tall ? size : (int) ((long) size * image.width() / image.height());
    int height = tall ? (int) ((long) size * image.height() / image.width()) : size;
    int left = (int) Math.rint((width - size) / 2.0);
    int top = (int) Math.rint((height - size) / 2.0);
    return Resize.part(image, width, height, new Resize.Part(left, top, size, size), resample);
  }

  /**
   * Black bars on the shorter side, until the longer is no more than {@code ratio} times as long.
   *
   * <p>Source: Baldrati et al., CLIP4Cir, {@code TargetPad} and, with ratio 1, {@code SquarePad}.
   */
  static Picture pad(Picture image, double ratio) {
    int longer = Math.max(image.width(), image.height());
    int shorter = Math.min(image.width(), image.height());
    if ((double) longer / shorter < ratio) {
      return image;
    }
    double padded = longer / ratio;
    int across = Math.max((int) ((padded - image.width()) / 2), 0);
    int down = Math.max((int) ((padded - image.height()) / 2), 0);
    return window(
        RgbImage.of(image), -across, -down, image.width() + 2 * across, image.height() + 2 * down);
  }

  /** A part of the image; black where it reaches outside. */
  static RgbImage window(RgbImage image, int left, int top, int width, int height) {
    if (left == 0 && top == 0 && width == image.width() && height == image.height()) {
      return image;
    }
    byte[] out = new byte[3 * width * height];
    int from = Math.max(left, 0);
    int to = Math.min(left + width, image.width());
    for (int y = Math.max(top, 0); y < Math.min(top + height, image.height()); y++) {
      System.arraycopy(
          image.rgb(),
          3 * (y * image.width() + from),
          out,
          3 * ((y - top) * width + from - left),
          3 * (to - from));
    }
    return new RgbImage(width, height, out);
  }
}
