package dev.weft.align;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.ingest.RgbImage;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AugmentationTest {
  private static final RgbImage IMAGE = numbered();

  @Test
  void withoutShiftAndMirrorNothingChanges() {
    assertThat(new Augmentation(0, false).apply(IMAGE, 7)).isSameAs(IMAGE);
  }

  @Test
  void mirrorsHalfOfThePictures() {
    int mirrored = 0;
    for (int key = 0; key < 200; key++) {
      byte[] rgb = new Augmentation(0, true).apply(IMAGE, key).rgb();
      assertThat(rgb[0]).isIn(IMAGE.rgb()[0], IMAGE.rgb()[9]);
      mirrored += rgb[0] == IMAGE.rgb()[9] ? 1 : 0;
    }
    assertThat(mirrored).isBetween(70, 130);
  }

  @Test
  void shiftsInBothDirectionsAndRepeatsTheEdge() {
    Augmentation augmentation = new Augmentation(1, false);
    Set<Integer> corners = new HashSet<>();
    for (int key = 0; key < 100; key++) {
      RgbImage moved = augmentation.apply(IMAGE, key);
      assertThat(moved.rgb()).isEqualTo(augmentation.apply(IMAGE, key).rgb());
      corners.add(moved.rgb()[3 * (4 * 1 + 1)] / 3); // the pixel (1, 1) shows one of its neighbours
    }
    assertThat(corners).containsExactlyInAnyOrder(0, 1, 2, 4, 5, 6, 8, 9, 10);
  }

  /** The red of a pixel is three times its number, row by row. */
  private static RgbImage numbered() {
    byte[] rgb = new byte[3 * 16];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) i;
    }
    return new RgbImage(4, 4, rgb);
  }
}
