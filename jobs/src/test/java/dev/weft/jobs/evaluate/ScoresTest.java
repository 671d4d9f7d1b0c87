package dev.weft.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.evaluate.CandidateRule;
import dev.weft.evaluate.Family;
import dev.weft.evaluate.Metrics;
import dev.weft.evaluate.Protocol;
import dev.weft.evaluate.RankedQuery;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ScoresTest {
  /** A head with one query whose target is at a rank. */
  private static Metrics metrics(
      String dataset, Family family, String split, String head, int rank) {
    Protocol protocol = new Protocol(dataset, family, split, CandidateRule.ORIGINAL);
    List<String> ranking = IntStream.rangeClosed(1, 60).mapToObj(i -> "image-" + i).toList();
    RankedQuery query =
        new RankedQuery(
            "hats",
            "0",
            ranking,
            List.of("image-" + rank),
            List.of(),
            List.of(),
            OptionalInt.of(rank),
            60);
    return Metrics.of(
        protocol, head, List.of(query), Map.of("hats", 60), List.of(1, 10, 50), List.of());
  }

  @Test
  void laterProtocolsOfAFamilyAreNamedAfterTheirDataSet() {
    Scores scores =
        new Scores(
            List.of(
                metrics("wardrobe", Family.FASHIONIQ, "val", "sum", 1),
                metrics("wardrobe", Family.FASHIONIQ, "train", "sum", 11),
                metrics("shop", Family.FASHIONIQ, "val", "sum", 51),
                metrics("rooms", Family.CIRCO, "val", "sum", 1)));

    Map<String, Double> named = scores.named().get("sum");

    assertThat(named)
        .containsEntry("R@1", 1.0)
        .containsEntry("hats/R@10", 1.0)
        .containsEntry("wardrobe/train-original/R@10", 0.0)
        .containsEntry("wardrobe/train-original/R@50", 1.0)
        .containsEntry("shop/R@50", 0.0)
        .containsEntry("circo/mAP@5", 1.0)
        .doesNotContainKey("mAP@5");
  }

  @Test
  void oneNameForTwoMetricsIsRefused() {
    Scores scores =
        new Scores(
            List.of(
                metrics("wardrobe", Family.FASHIONIQ, "val", "sum", 1),
                metrics("hats", Family.FASHIONIQ, "val", "sum", 1)));

    assertThatThrownBy(scores::named)
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("the data set 'hats': there is a hats/R@1 already")
        .hasMessageContaining("Give it another name in ingest.datasets");
  }

  @Test
  void theFirstProtocolChoosesAmongTheFusionHeads() {
    Scores scores =
        new Scores(
            List.of(
                metrics("wardrobe", Family.FASHIONIQ, "val", "sum", 11),
                metrics("wardrobe", Family.FASHIONIQ, "val", "gated", 5),
                metrics("wardrobe", Family.FASHIONIQ, "val", "combiner", 6),
                metrics("wardrobe", Family.FASHIONIQ, "val", "text", 1),
                metrics("rooms", Family.CIRCO, "val", "sum", 1)));

    // gated and combiner have the same R@10 and R@50
    assertThat(scores.best(Set.of("sum", "gated", "combiner"))).isEqualTo("gated");
  }

  @Test
  void theTerminalShowsHeadlinesOnly() {
    Scores scores = new Scores(List.of(metrics("wardrobe", Family.FASHIONIQ, "val", "sum", 11)));

    assertThat(scores.lines().get(2)).matches("head +R@1 +R@10 +R@50 +hats/R@10");
  }
}
