package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.config.ConfigException;
import dev.weft.evaluate.EvaluateConfig.Baseline;
import java.util.List;
import org.junit.jupiter.api.Test;

class EvaluateConfigTest {
  @Test
  void everyBrokenRuleIsReported() {
    assertThatThrownBy(
            () ->
                new EvaluateConfig(
                    CandidateRule.ORIGINAL,
                    List.of(),
                    List.of(),
                    List.of(10, 5),
                    40,
                    List.of(Baseline.TEXT, Baseline.TEXT),
                    -1,
                    0,
                    -1,
                    99))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("10 problems")
        .hasMessageContaining("evaluate.caption-forms must name at least one form, each once")
        .hasMessageContaining("evaluate.splits must name at least one split")
        .hasMessageContaining("evaluate.cutoffs must have 10 and 50")
        .hasMessageContaining("evaluate.cutoffs must be positive and in ascending order")
        .hasMessageContaining("evaluate.depth must be at least 50")
        .hasMessageContaining("evaluate.baselines must not repeat a baseline")
        .hasMessageContaining("evaluate.examples must not be negative, found '-1'")
        .hasMessageContaining("evaluate.answers must be at least 1")
        .hasMessageContaining("evaluate.picture-megabytes must not be negative, found '-1'")
        .hasMessageContaining("evaluate.resamples must be at least 100, found '99'");
  }
}
