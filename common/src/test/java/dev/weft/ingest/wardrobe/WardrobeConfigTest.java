package dev.weft.ingest.wardrobe;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.config.ConfigException;
import org.junit.jupiter.api.Test;

class WardrobeConfigTest {
  @Test
  void allBrokenRulesAreReported() {
    assertThatThrownBy(() -> new WardrobeConfig(true, " ", 63, 100, 2, 0, -1, -2, -3, 9, 7))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("9 problems")
        .hasMessageContaining("wardrobe.folder must name a folder, found ' '")
        .hasMessageContaining("wardrobe.image-size must be 64 to 512 pixels, found '63'")
        .hasMessageContaining("wardrobe.images must be 120 to 5,000,000, found '100'")
        .hasMessageContaining(
            "wardrobe.train-triplets must be at least 3, one a category, found '2'")
        .hasMessageContaining("wardrobe.val-triplets must be at least 3, one a category, found '0'")
        .hasMessageContaining("wardrobe.test-triplets must be at least 0, found '-1'")
        .hasMessageContaining("wardrobe.circo-val-queries must be at least 0, found '-2'")
        .hasMessageContaining("wardrobe.circo-test-queries must be at least 0, found '-3'")
        .hasMessageContaining("wardrobe.delivered-percent must be 10 to 100, found '9'");
  }
}
