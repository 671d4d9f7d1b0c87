package dev.weft.ingest.wardrobe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.EnumSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CaptionWriterTest {
  @Test
  void allWaysOfAskingOccur() {
    Set<Aspect> aspects = EnumSet.noneOf(Aspect.class);
    SplittableRandom random = new SplittableRandom(1);
    for (int code = 0; code < 500; code++) {
      Garment from = Garment.of(Category.SHIRT, code);
      Garment to = Garment.of(Category.SHIRT, code + 41);
      aspects.addAll(CaptionWriter.statement(from, to, random).aspects());
    }

    assertThat(aspects).containsExactlyInAnyOrder(Aspect.values());
  }

  @Test
  void equalGarmentsHaveNothingToSay() {
    Garment garment = Garment.of(Category.SHIRT, 5);

    assertThatThrownBy(() -> CaptionWriter.pair(garment, garment, new SplittableRandom(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("captions need two different garments of one category: Garment[");
  }
}
