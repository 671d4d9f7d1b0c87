package dev.weft.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.config.ConfigException;
import dev.weft.evaluate.Comparison;
import dev.weft.evaluate.Comparison.Difference;
import dev.weft.evaluate.Family;
import java.util.List;
import org.junit.jupiter.api.Test;

class VerdictTest {
  private static FineTuneConfig rules(double gain, double loss) {
    return new FineTuneConfig(
        FineTuneConfig.Start.CHAMPION,
        FineTuneConfig.IfUnfit.SCRATCH,
        FineTuneConfig.EncoderChoice.KEEP,
        true,
        "",
        "",
        gain,
        loss,
        0.9,
        100);
  }

  /** Champion at 0.5; a gain over all, and one in each of two categories. */
  private static Comparison comparison(double gain, double low, double dress, double shirt) {
    return new Comparison(
        "wardrobe/original",
        "",
        "gated",
        "gated",
        List.of(
            new Difference("R@1", 0.1, 0.9, 0.7, 0.9, 9, 0),
            new Difference("R@10", 0.5, 0.5 + gain, low, gain + 0.1, 9, 3),
            new Difference("dress/R@1", 0.9, 0.1, -0.9, -0.7, 0, 9),
            new Difference("dress/R@10", 0.5, 0.5 + dress, dress - 0.2, dress + 0.2, 5, 2),
            new Difference("shirt/R@10", 0.5, 0.5 + shirt, shirt - 0.2, shirt + 0.2, 4, 1)),
        List.of());
  }

  @Test
  void whatIsCertainlyBetterAndNowhereMuchWorseIsPromoted() {
    Verdict verdict = Verdict.of(comparison(0.05, 0.01, 0.12, -0.02), "R@10", rules(0.01, 0.02));

    assertThat(verdict.promote()).isTrue();
    assertThat(verdict.reasons())
        .containsExactly("R@10 0.5000 -> 0.5500: +0.0500, 90 % interval [+0.0100, +0.1500]");
    assertThat(verdict.categories().keySet()).containsExactly("dress", "shirt");
  }

  @Test
  void aGainThatMayBeChanceIsRefused() {
    Verdict verdict = Verdict.of(comparison(0.05, -0.001, 0.05, 0.05), "R@10", rules(0, 1));

    assertThat(verdict.promote()).isFalse();
    assertThat(verdict.reasons())
        .containsExactly(
            "R@10 0.5000 -> 0.5500: +0.0500, 90 % interval [-0.0010, +0.1500], which may be below"
                + " fine-tune.minimum-gain (0.0)");
  }

  @Test
  void aNegativeMinimumLetsThroughWhatIsNotMuchWorse() {
    assertThat(Verdict.of(comparison(0, -0.01, 0, 0), "R@10", rules(-0.01, 1)).promote()).isTrue();
    assertThat(Verdict.of(comparison(0, -0.011, 0, 0), "R@10", rules(-0.01, 1)).promote())
        .isFalse();
  }

  @Test
  void aCategoryThatLosesTooMuchIsNamed() {
    Verdict verdict = Verdict.of(comparison(0.05, 0.01, 0.13, -0.021), "R@10", rules(0, 0.02));

    assertThat(verdict.promote()).isFalse();
    assertThat(verdict.reasons())
        .containsExactly(
            "shirt/R@10 0.5000 -> 0.4790: -0.0210, 90 % interval [-0.2210, +0.1790], worse by more"
                + " than fine-tune.worst-category-loss (0.02)");
  }

  @Test
  void everyBrokenRuleIsNamed() {
    assertThat(Verdict.of(comparison(-0.1, -0.2, -0.1, -0.1), "R@10", rules(0, 0.02)).reasons())
        .hasSize(3);
  }

  @Test
  void anUnknownMetricIsAProblemOfTheConfiguration() {
    assertThatThrownBy(() -> Verdict.of(comparison(0, 0, 0, 0), "R@7", rules(0, 0)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(
            "fine-tune.metric must be one of the metrics of wardrobe/original (R@1, R@10,")
        .hasMessageContaining("found 'R@7'");
  }

  @Test
  void everyFamilyHasAMetricThatDecides() {
    FineTuneConfig rules = rules(0, 0);
    assertThat(List.of(Family.values()).stream().map(rules::metric))
        .containsExactly("R@10", "mAP@10", "R@5");
  }

  @Test
  void allBrokenRangesAreReported() {
    assertThatThrownBy(
            () ->
                new FineTuneConfig(
                    FineTuneConfig.Start.CHAMPION,
                    FineTuneConfig.IfUnfit.FAIL,
                    FineTuneConfig.EncoderChoice.KEEP,
                    true,
                    "",
                    "",
                    2,
                    -0.1,
                    1,
                    99))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("4 problems")
        .hasMessageContaining("fine-tune.minimum-gain must be -1 to 1, found '2.0'")
        .hasMessageContaining("fine-tune.worst-category-loss must be 0 to 1, found '-0.1'")
        .hasMessageContaining("fine-tune.confidence must be above 0.5 and below 1, found '1.0'")
        .hasMessageContaining("fine-tune.resamples must be at least 100, found '99'");
  }
}
