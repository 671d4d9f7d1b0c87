package dev.weft.align;

import dev.weft.encode.BgeTextTower;
import dev.weft.encode.Fit;
import dev.weft.encode.Preprocessing;
import dev.weft.encode.Resample;
import dev.weft.ingest.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A toy data set: a noisy square in one of 8 colours at one of 4 places; 32 descriptions. */
final class ColouredSquares {
  static final Preprocessing PREPROCESSING =
      new Preprocessing(16, Resample.BICUBIC, Fit.SQUASH, List.of(.5, .5, .5), List.of(.5, .5, .5));

  private ColouredSquares() {}

  /** Rows 0 to count - 1; the text vector of a description is random, but one per description. */
  static List<AlignRow> rows(int count, long seed) {
    List<AlignRow> rows = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(seed);
    for (int row = 0; row < count; row++) {
      int kind = random.nextInt(32);
      rows.add(new AlignRow(row, image(kind, random), text(kind), kind));
    }
    return rows;
  }

  private static RgbImage image(int kind, SplittableRandom random) {
    byte[] rgb = new byte[3 * 16 * 16];
    random.nextBytes(rgb);
    int left = kind % 2 * 8;
    int top = kind / 2 % 2 * 8;
    int colour = kind / 4;
    for (int y = top; y < top + 8; y++) {
      for (int x = left; x < left + 8; x++) {
        for (int channel = 0; channel < 3; channel++) {
          int noise = random.nextInt(60);
          rgb[3 * (16 * y + x) + channel] =
              (byte) ((colour >> channel & 1) == 1 ? 255 - noise : noise);
        }
      }
    }
    return new RgbImage(16, 16, rgb);
  }

  private static float[] text(int kind) {
    SplittableRandom random = new SplittableRandom(1000 + kind);
    float[] vector = new float[BgeTextTower.DIMENSION];
    for (int i = 0; i < vector.length; i++) {
      vector[i] = (float) ((random.nextDouble() - 0.5) * Math.sqrt(12.0 / vector.length));
    }
    return vector;
  }
}
