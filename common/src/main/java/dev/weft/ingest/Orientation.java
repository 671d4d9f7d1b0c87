package dev.weft.ingest;

import com.drew.lang.ByteArrayReader;
import com.drew.metadata.Metadata;
import com.drew.metadata.exif.ExifIFD0Directory;
import com.drew.metadata.exif.ExifReader;
import java.util.Optional;

/**
 * How a camera was held: the EXIF orientation, 1 to 8.
 *
 * <p>Source: CIPA DC-008, "Exchangeable image file format for digital still cameras: Exif", tag
 * 274.
 */
record Orientation(int value) {
  static final Orientation UPRIGHT = new Orientation(1);

  /** Reads it from an EXIF block that begins with its TIFF header; an unreadable one is upright. */
  static Orientation of(byte[] exif) {
    Metadata metadata = new Metadata();
    new ExifReader().extract(new ByteArrayReader(exif), metadata);
    return Optional.ofNullable(metadata.getFirstDirectoryOfType(ExifIFD0Directory.class))
        .map(directory -> directory.getInteger(ExifIFD0Directory.TAG_ORIENTATION))
        .filter(value -> value >= 1 && value <= 8)
        .map(Orientation::new)
        .orElse(UPRIGHT);
  }

  /** Turns the stored picture upright. */
  Picture apply(Picture stored) {
    return value == 1 ? stored : apply(RgbImage.of(stored));
  }

  /** Turns the stored picture upright. */
  RgbImage apply(RgbImage stored) {
    if (value == 1) {
      return stored;
    }
    boolean transposed = value >= 5;
    int width = transposed ? stored.height() : stored.width();
    int height = transposed ? stored.width() : stored.height();
    byte[] rgb = new byte[stored.rgb().length];
    for (int y = 0, to = 0; y < height; y++) {
      for (int x = 0; x < width; x++, to += 3) {
        System.arraycopy(stored.rgb(), 3 * stored(stored, x, y), rgb, to, 3);
      }
    }
    return new RgbImage(width, height, rgb);
  }

  /** Number of the stored pixel that is shown at (x, y). */
  private int stored(RgbImage image, int x, int y) {
    int right = image.width() - 1;
    int bottom = image.height() - 1;
    int column =
        switch (value) {
          case 1, 4 -> x;
          case 2, 3 -> right - x;
          case 5, 6 -> y;
          default -> right - y; // 7, 8
        };
    int row =
        switch (value) {
          case 1, 2 -> y;
          case 3, 4 -> bottom - y;
          case 5, 8 -> x;
          default -> bottom - x; // 6, 7
        };
    return row * image.width() + column;
  }
}
