package dev.weft.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.config.ConfigException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SearchConfigTest {
  private static SearchConfig config(
      int k, String image, String imageId, String text, String queries) {
    return new SearchConfig(
        SearchConfig.From.RELEASE,
        k == 0 ? " " : "best",
        k,
        image,
        imageId,
        text,
        queries,
        "",
        "",
        "",
        false,
        0);
  }

  @Test
  void imageAndTextMakeOneQuery() {
    Optional<String> none = Optional.empty();

    assertThat(config(10, "a.png", "", "in red", "").single())
        .hasValue(new Query("0", Optional.of("a.png"), none, Optional.of("in red")));
    assertThat(config(10, "", "B0042", "", "").single())
        .hasValue(new Query("0", none, Optional.of("B0042"), none));
    assertThat(config(10, "", "", "in red", "").single().orElseThrow().kind())
        .isEqualTo(Query.Kind.TEXT);
    assertThat(config(10, "", "", "", "q.jsonl").single()).isEmpty();
  }

  @Test
  void everyBrokenRuleIsReported() {
    assertThatThrownBy(() -> config(0, "a.png", "B0042", "", "q.jsonl"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("4 problems")
        .hasMessageContaining("search.head must name a head, or be best")
        .hasMessageContaining("search.k must be at least 1, found '0'")
        .hasMessageContaining("search.image-id must be empty where search.image names a file")
        .hasMessageContaining("search.queries must be empty where search.image, search.image-id");
  }
}
