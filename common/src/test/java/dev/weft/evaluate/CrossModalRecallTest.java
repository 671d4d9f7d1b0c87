package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ingest.ImageKey;
import dev.weft.rank.Gallery;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CrossModalRecallTest {
  private static final ImageKey RED = new ImageKey("set", "dress", "1");
  private static final ImageKey ALSO_RED = new ImageKey("set", "dress", "2");
  private static final ImageKey BLUE = new ImageKey("set", "dress", "3");
  private static final ImageKey NAMELESS = new ImageKey("set", "dress", "4");

  private static Gallery gallery() {
    return Gallery.builder(2)
        .add(RED, new float[] {0, -1})
        .add(ALSO_RED, new float[] {1, 0})
        .add(BLUE, new float[] {0, 1})
        .add(NAMELESS, new float[] {0.6f, 0.8f})
        .build();
  }

  @Test
  void equalDescriptionsAreRightForEachOther() {
    try (Gallery gallery = gallery()) {
      Map<String, Double> recall =
          CrossModalRecall.textToImage(
              gallery,
              Map.of(RED, "a red dress", ALSO_RED, "a red dress", BLUE, "a blue dress"),
              Map.of("a red dress", new float[] {1, 0}, "a blue dress", new float[] {0.8f, 0.6f}),
              List.of(1, 2, 3));

      // "red" finds image 2 first, right for both red ones; "blue" finds 4, 2, then 3
      assertThat(recall).containsExactly(entry("R@1", 2), entry("R@2", 2), entry("R@3", 3));
    }
  }

  private static Map.Entry<String, Double> entry(String name, int found) {
    return Map.entry(name, found / 3.0);
  }

  @Test
  void missingPartsAreNamed() {
    try (Gallery gallery = gallery()) {
      assertThatThrownBy(
              () ->
                  CrossModalRecall.textToImage(
                      gallery, Map.of(RED, "a red dress"), Map.of(), List.of(1)))
          .hasMessageContaining("there is no vector for the text 'a red dress' of set/dress/1");
      assertThatThrownBy(
              () -> CrossModalRecall.textToImage(gallery, Map.of(), Map.of(), List.of(1)))
          .hasMessageContaining("no image of the gallery has a description");
      assertThatThrownBy(
              () ->
                  CrossModalRecall.textToImage(
                      gallery,
                      Map.of(new ImageKey("set", "dress", "9"), "x"),
                      Map.of("x", new float[] {1, 0}),
                      List.of(1)))
          .hasMessageContaining("the image set/dress/9 is described but not in the gallery");
    }
  }
}
