package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.WeftException;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class RankedQueryTest {
  private static RankedQuery query(List<String> ranking, List<String> truths, int candidates) {
    int place = ranking.indexOf(truths.get(0)) + 1;
    OptionalInt rank = place > 0 ? OptionalInt.of(place) : OptionalInt.empty();
    return new RankedQuery("dress", "7", ranking, truths, List.of(), List.of(), rank, candidates);
  }

  @Test
  void recallLooksAtTheTargetOnly() {
    RankedQuery query = query(List.of("b", "x", "a", "c"), List.of("a", "b"), 4);

    assertThat(query.recallAt(1)).isZero();
    assertThat(query.recallAt(2)).isZero();
    assertThat(query.recallAt(3)).isEqualTo(1);
    assertThat(query.recallAt(50)).isEqualTo(1);
  }

  @Test
  void averagePrecisionDividesByTheSmallerOfTruthsAndCutOff() {
    // right at places 1, 3 and 6; the fourth truth is not ranked
    RankedQuery query =
        query(List.of("a", "x", "b", "y", "z", "c"), List.of("a", "b", "c", "d"), 90);

    assertThat(query.averagePrecisionAt(1)).isEqualTo(1); // min(4, 1) = 1
    assertThat(query.averagePrecisionAt(2)).isEqualTo(0.5); // 1 / 2
    assertThat(query.averagePrecisionAt(3)).isCloseTo((1 + 2 / 3.0) / 3, within(1e-15));
    assertThat(query.averagePrecisionAt(6)).isCloseTo((1 + 2 / 3.0 + 0.5) / 4, within(1e-15));
  }

  @Test
  void averagePrecisionOfAPerfectRankingIsOneAtEveryCutOff() {
    RankedQuery query = query(List.of("b", "a", "c", "x", "y"), List.of("a", "b", "c"), 5);

    for (int cutoff = 1; cutoff <= 5; cutoff++) {
      assertThat(query.averagePrecisionAt(cutoff)).isEqualTo(1);
    }
  }

  @Test
  void badRankingsAreRefusedWithThePlace() {
    assertThatThrownBy(() -> query(List.of("a", "b", "a"), List.of("a"), 3))
        .isInstanceOf(WeftException.class)
        .hasMessage("Cannot score query dress/7: its ranking has the image a twice. Remove one.");
    assertThatThrownBy(() -> query(List.of("a"), List.of("a", "b", "b"), 3))
        .hasMessageContaining("its list of right answers has the image b twice");
    assertThatThrownBy(() -> query(List.of("a", "b"), List.of("a"), 1))
        .hasMessageContaining("2 images are ranked of only 1");
    assertThatThrownBy(() -> query(List.of("a", "b", "c"), List.of("a"), 90).recallAt(5))
        .hasMessage(
            "Cannot score query dress/7: its ranking has 3 images, too few for a cut-off of 5 among"
                + " 90 candidates. Raise evaluate.depth.");
    assertThatThrownBy(() -> query(List.of("a"), List.of("a"), 90).averagePrecisionAt(5))
        .hasMessageContaining("too few for a cut-off of 5");
    assertThatThrownBy(() -> query(List.of("a"), List.of("a"), 90).subsetRecallAt(1))
        .hasMessageContaining("its image group is not ranked");
    assertThatThrownBy(
            () ->
                new RankedQuery(
                    "", "7", List.of("a"), List.of(), List.of(), List.of(), OptionalInt.empty(), 1))
        .hasMessage(
            "Cannot score query 7: it has no right answer. Leave queries without a target out.");
  }

  @Test
  void aRankThatContradictsTheRankingIsRefused() {
    assertThatThrownBy(() -> ranked(OptionalInt.of(2), "a", "b"))
        .hasMessageContaining("the rank of its target is given as 2, but the ranking has it at 1");
    assertThatThrownBy(() -> ranked(OptionalInt.empty(), "a", "b"))
        .hasMessageContaining("given as none, but the ranking has it at 1");
    assertThatThrownBy(() -> ranked(OptionalInt.of(2), "b", "c"))
        .hasMessageContaining("given as 2, but the ranking does not have it");
    assertThat(ranked(OptionalInt.of(3), "b", "c").recallAt(2)).isZero();
    assertThat(ranked(OptionalInt.empty(), "b", "c").recallAt(2)).isZero();
  }

  private static RankedQuery ranked(OptionalInt rank, String... ranking) {
    return new RankedQuery("", "7", List.of(ranking), List.of("a"), List.of(), List.of(), rank, 9);
  }
}
