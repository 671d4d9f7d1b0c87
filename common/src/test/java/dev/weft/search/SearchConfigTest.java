package dev.weft.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.config.ConfigException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SearchConfigTest {
  @Test
  void imageAndTextMakeOneQuery() {
    assertThat(
            new SearchConfig(
                    SearchConfig.From.RELEASE,
                    "best",
                    10,
                    "a.png",
                    "in red",
                    "",
                    "",
                    "",
                    "",
                    false,
                    0)
                .single())
        .hasValue(new Query("0", Optional.of("a.png"), Optional.empty(), Optional.of("in red")));
    assertThat(
            new SearchConfig(
                    SearchConfig.From.RELEASE, "best", 10, "", "in red", "", "", "", "", false, 0)
                .single()
                .orElseThrow()
                .kind())
        .isEqualTo(Query.Kind.TEXT);
    assertThat(
            new SearchConfig(
                    SearchConfig.From.RELEASE, "best", 10, "", "", "q.jsonl", "", "", "", false, 0)
                .single())
        .isEmpty();
  }

  @Test
  void everyBrokenRuleIsReported() {
    assertThatThrownBy(
            () ->
                new SearchConfig(
                    SearchConfig.From.RELEASE,
                    " ",
                    0,
                    "a.png",
                    "",
                    "q.jsonl",
                    "",
                    "",
                    "",
                    false,
                    0))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("3 problems")
        .hasMessageContaining("search.head must name a head, or be best")
        .hasMessageContaining("search.k must be at least 1, found '0'")
        .hasMessageContaining("search.queries must be empty where search.image or search.text");
  }
}
