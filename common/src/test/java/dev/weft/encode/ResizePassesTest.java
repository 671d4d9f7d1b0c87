package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.ingest.RgbImage;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ResizePassesTest {
  private final ResizePasses plain = new ResizePasses.Plain();

  @Test
  void registersGiveTheBytesOfPlainJava() {
    ResizePasses best = ResizePasses.best();
    assertThat(best).isInstanceOf(VectorResizePasses.class);
    Random random = new Random(1);
    for (int round = 0; round < 300; round++) {
      RgbImage image = noise(1 + random.nextInt(60), 1 + random.nextInt(60), random);
      int whole = 1 + random.nextInt(40);
      int from = random.nextInt(whole);
      ResizeKernel columns =
          ResizeKernel.of(
              image.width(), whole, from, 1 + random.nextInt(whole - from), Resample.LANCZOS);
      int top = random.nextInt(image.height());
      int bottom = top + 1 + random.nextInt(image.height() - top); // mostly not whole fours
      ResizeKernel rows =
          ResizeKernel.of(image.height(), 1 + random.nextInt(40), 0, 1, Resample.BICUBIC);

      assertThat(best.across(image, top, bottom, columns))
          .as("rows %d to %d of %s", top, bottom, image)
          .isEqualTo(plain.across(image, top, bottom, columns));
      assertThat(best.down(image.rgb(), 3 * image.width(), 0, rows))
          .as("columns of %s", image)
          .isEqualTo(plain.down(image.rgb(), 3 * image.width(), 0, rows));
    }
  }

  @Test
  void aPartIsThatOfTheWhole() {
    RgbImage image = noise(50, 40, new Random(2));
    RgbImage whole = Resize.to(image, 30, 20, Resample.BICUBIC);

    RgbImage part = Resize.part(image, 30, 20, new Resize.Part(7, 3, 11, 9), Resample.BICUBIC);

    assertThat(part.rgb()).isEqualTo(Preprocessing.window(whole, 7, 3, 11, 9).rgb());
  }

  private static RgbImage noise(int width, int height, Random random) {
    byte[] rgb = new byte[3 * width * height];
    random.nextBytes(rgb);
    return new RgbImage(width, height, rgb);
  }
}
