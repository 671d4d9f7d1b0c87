package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.ingest.RgbImage;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class PreprocessingTest {

  @Test
  void cropKeepsTheMiddleOfTheLongerSide() {
    RgbImage wide = columns(10, 4);

    assertThat(reds(of(4, Fit.CROP).square(wide), 0)).containsExactly(3, 4, 5, 6);
  }

  @Test
  void cropGoesToTheEvenPixelWhenTheMiddleLiesBetweenTwo() {
    assertThat(reds(of(4, Fit.CROP).square(columns(7, 4)), 0)).containsExactly(2, 3, 4, 5);
    assertThat(reds(of(4, Fit.CROP).square(columns(5, 4)), 0)).containsExactly(0, 1, 2, 3);
  }

  @Test
  void squashKeepsBothEnds() {
    RgbImage square = of(4, Fit.SQUASH).square(columns(100, 50));

    assertThat(square.width()).isEqualTo(4);
    assertThat(square.height()).isEqualTo(4);
    assertThat(reds(square, 0)).isSorted();
    assertThat(reds(square, 0)[0]).isLessThan(25);
    assertThat(reds(square, 0)[3]).isGreaterThan(75);
  }

  @Test
  void targetPadLeavesAPictureBelowTheRatioAlone() {
    RgbImage image = columns(6, 5);

    assertThat(of(5, Fit.TARGET_PAD).square(image).rgb())
        .isEqualTo(of(5, Fit.CROP).square(image).rgb());
  }

  @Test
  void targetPadAddsBlackBarsUpToTheRatio() {
    byte[] white = new byte[3 * 100 * 20];
    Arrays.fill(white, (byte) 255);

    RgbImage square = of(80, Fit.TARGET_PAD).square(new RgbImage(100, 20, white));

    // 100 / 1.25 = 80 high, so 30 rows above and below; then the middle 80 columns.
    assertThat(square.width()).isEqualTo(80);
    assertThat(square.height()).isEqualTo(80);
    assertThat(reds(square, 29)).containsOnly(0);
    assertThat(reds(square, 30)).containsOnly(255);
    assertThat(reds(square, 49)).containsOnly(255);
    assertThat(reds(square, 50)).containsOnly(0);
  }

  @Test
  void normalizesEachChannelByItsOwnFigures() {
    Preprocessing preprocessing =
        new Preprocessing(
            1, Resample.BICUBIC, Fit.CROP, List.of(0.5, 0.0, 1.0), List.of(0.5, 1.0, 2.0));

    float[] values = preprocessing.normalize(new RgbImage(1, 1, new byte[] {-1, 51, 0}));

    assertThat(values).containsExactly(new float[] {1f, 0.2f, -0.5f}, within(1e-7f));
  }

  @Test
  void theFingerprintChangesWithEachComponent() {
    Preprocessing one = of(4, Fit.CROP);

    assertThat(one.fingerprint()).hasSize(64).isEqualTo(of(4, Fit.CROP).fingerprint());
    assertThat(one.fingerprint()).isNotEqualTo(of(5, Fit.CROP).fingerprint());
    assertThat(one.fingerprint()).isNotEqualTo(of(4, Fit.SQUASH).fingerprint());
  }

  @Test
  void refusesAZeroDeviation() {
    assertThatThrownBy(
            () ->
                new Preprocessing(
                    4, Resample.BICUBIC, Fit.CROP, List.of(0., 0., 0.), List.of(1., 0., 1.)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("three means and positive deviations");
  }

  private static Preprocessing of(int size, Fit fit) {
    return new Preprocessing(
        size, Resample.BICUBIC, fit, List.of(0.5, 0.5, 0.5), List.of(0.5, 0.5, 0.5));
  }

  /** Each pixel holds the number of its column. */
  private static RgbImage columns(int width, int height) {
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / 3 % width);
    }
    return new RgbImage(width, height, rgb);
  }

  private static int[] reds(RgbImage image, int row) {
    int[] reds = new int[image.width()];
    for (int x = 0; x < reds.length; x++) {
      reds[x] = image.rgb()[3 * (row * image.width() + x)] & 0xff;
    }
    return reds;
  }
}
