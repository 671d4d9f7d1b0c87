package dev.weft.ingest.wardrobe;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class GarmentPainterTest {
  private static final Garment RED_DRESS =
      new Garment(
          Category.DRESS,
          Colour.RED,
          Pattern.PLAIN,
          Sleeves.SHORT,
          Length.LONG,
          Neckline.ROUND,
          Cut.STRAIGHT);

  @Test
  void equalRandomnessGivesEqualBytes() {
    GarmentPainter painter = new GarmentPainter(64);

    assertThat(painter.paint(RED_DRESS, new SplittableRandom(3)))
        .isEqualTo(painter.paint(RED_DRESS, new SplittableRandom(3)));
  }

  @Test
  void twoDrawingsOfOneGarmentDifferInMostPixels() {
    GarmentPainter painter = new GarmentPainter(64);
    int[] one = pixels(painter.draw(RED_DRESS, new SplittableRandom(3)));
    int[] other = pixels(painter.draw(RED_DRESS, new SplittableRandom(4)));

    long different = 0;
    for (int i = 0; i < one.length; i++) {
      different += one[i] == other[i] ? 0 : 1;
    }

    assertThat(different).isGreaterThan(one.length / 2);
  }

  @Test
  void picturesHaveTheSizeAskedFor() throws IOException {
    byte[] png = new GarmentPainter(96).paint(RED_DRESS, new SplittableRandom(1));

    BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));

    assertThat(image.getWidth()).isEqualTo(96);
    assertThat(image.getHeight()).isEqualTo(96);
  }

  @Test
  void colourIsWhereTheGarmentHangs() {
    BufferedImage image = new GarmentPainter(64).draw(RED_DRESS, new SplittableRandom(1));

    int middle = image.getRGB(32, 36);
    int corner = image.getRGB(2, 60);

    assertThat(middle >> 16 & 0xFF).isGreaterThan(2 * (middle >> 8 & 0xFF));
    assertThat(corner >> 16 & 0xFF).isLessThan(2 * (corner >> 8 & 0xFF));
  }

  @Test
  void everyAttributeShows() {
    GarmentPainter painter = new GarmentPainter(64);
    for (Category category : Category.values()) {
      int code =
          new Garment(
                  category,
                  Colour.RED,
                  Pattern.PLAIN,
                  Sleeves.NONE,
                  Length.SHORT,
                  Neckline.ROUND,
                  Cut.FITTED)
              .code();
      int radix = 1;
      int[] first = mean(painter, Garment.of(category, code));
      for (Attribute attribute : Attribute.values()) {
        int[] changed = mean(painter, Garment.of(category, code + radix));
        assertThat(distance(first, changed)).as("%s of %s", attribute, category).isGreaterThan(2);
        radix *= attribute.choices();
      }
      assertThat(distance(first, mean(painter, Garment.of(category, code)))).isZero();
    }
  }

  /** The average of many drawings, in which the noise is gone and the garment stays. */
  private static int[] mean(GarmentPainter painter, Garment garment) {
    int drawings = 40;
    int[] sums = new int[64 * 64];
    for (int i = 0; i < drawings; i++) {
      int[] pixels = pixels(painter.draw(garment, new SplittableRandom(i)));
      Arrays.setAll(sums, p -> sums[p] + (pixels[p] >> 8 & 0xFF));
    }
    Arrays.setAll(sums, p -> sums[p] / drawings);
    return sums;
  }

  /** Mean difference of the hundred pixels that differ most, of 255. */
  private static double distance(int[] one, int[] other) {
    int[] differences = new int[one.length];
    Arrays.setAll(differences, i -> Math.abs(one[i] - other[i]));
    Arrays.sort(differences);
    return Arrays.stream(differences).skip(one.length - 100).average().orElseThrow();
  }

  private static int[] pixels(BufferedImage image) {
    return image.getRGB(0, 0, image.getWidth(), image.getHeight(), null, 0, image.getWidth());
  }
}
