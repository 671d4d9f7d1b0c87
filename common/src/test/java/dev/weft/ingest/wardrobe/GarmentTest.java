package dev.weft.ingest.wardrobe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class GarmentTest {
  @Test
  void codesAndGarmentsAreOneToOne() {
    Set<Garment> garments = new HashSet<>();
    for (int code = 0; code < Garment.COMBINATIONS; code++) {
      Garment garment = Garment.of(Category.SHIRT, code);
      assertThat(garment.code()).isEqualTo(code);
      garments.add(garment);
    }

    assertThat(garments).hasSize(10 * 4 * 3 * 2 * 2 * 3);
  }

  @Test
  void distanceCountsTheDifferences() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 1000; i++) {
      int one = random.nextInt(Garment.COMBINATIONS);
      int other = random.nextInt(Garment.COMBINATIONS);
      assertThat(Garment.distance(one, other))
          .isEqualTo(
              Garment.of(Category.DRESS, one)
                  .differences(Garment.of(Category.DRESS, other))
                  .size());
    }
  }

  @Test
  void descriptionsNameEveryAttribute() {
    SplittableRandom random = new SplittableRandom(2);
    for (int i = 0; i < 500; i++) {
      Garment garment =
          Garment.of(
              Chance.pick(List.of(Category.values()), random),
              random.nextInt(Garment.COMBINATIONS));
      String text = garment.describe(random);
      for (Attribute attribute : Attribute.values()) {
        assertThat(Words.of(garment, attribute)).as(text).anyMatch(text::contains);
      }
    }
  }

  @Test
  void descriptionsOfOneGarmentVary() {
    Garment garment = Garment.of(Category.TOPTEE, 77);
    Set<String> texts = new HashSet<>();
    for (int seed = 0; seed < 50; seed++) {
      texts.add(garment.describe(new SplittableRandom(seed)));
    }

    assertThat(texts).hasSizeGreaterThan(40);
  }

  @Test
  void vowelsTakeAn() {
    assertThat(Garment.article("orange dress")).isEqualTo("an orange dress");
    assertThat(Garment.article("red dress")).isEqualTo("a red dress");
  }
}
