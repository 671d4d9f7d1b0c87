package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PublishedCountsTest {
  private static final Map<String, Long> CIRCO =
      Map.of(
          "triplets/val",
          220L,
          "triplets/test",
          800L,
          "gallery/val",
          123_403L,
          "gallery/test",
          123_403L);

  @Test
  void publishedCountsAreNotDegraded() {
    assertThat(PublishedCounts.compare("circo", CIRCO).degraded()).isFalse();
  }

  @Test
  void oneMissingImageIsNamed() {
    Map<String, Long> counts = new HashMap<>(CIRCO);
    counts.put("gallery/val", 123_402L);

    Cohort cohort = PublishedCounts.compare("circo", counts);

    assertThat(cohort.degraded()).isTrue();
    assertThat(cohort.reasons()).containsExactly("gallery/val is 123402, published 123403");
  }

  @Test
  void aCategoryTooManyIsNamed() {
    Map<String, Long> counts = new HashMap<>(CIRCO);
    counts.put("triplets/hats/val", 3L);

    assertThat(PublishedCounts.compare("circo", counts).reasons())
        .containsExactly("triplets/hats/val is 3, published 0");
  }

  @Test
  void fashionIqWithoutAnythingNamesEveryCount() {
    assertThat(PublishedCounts.compare("fashioniq", Map.of()).reasons())
        .hasSize(18)
        .contains(
            "triplets/toptee/val is 0, published 1961",
            "gallery/shirt/train is 0, published 19036");
  }

  @Test
  void aDataSetOfOnesOwnHasNothingToFallShortOf() {
    Cohort cohort = PublishedCounts.compare("wardrobe", CIRCO);

    assertThat(cohort.degraded()).isFalse();
    assertThat(cohort.counts()).isEqualTo(CIRCO);
    assertThat(cohort.degradedBy("no image was read").reasons())
        .containsExactly("no image was read");
  }
}
