package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import dev.weft.WeftException;
import dev.weft.evaluate.Comparison.Bootstrap;
import dev.weft.evaluate.Comparison.Change;
import dev.weft.evaluate.Comparison.Difference;
import dev.weft.evaluate.Comparison.Side;
import dev.weft.evaluate.Outcomes.Outcome;
import dev.weft.evaluate.Outcomes.Query;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ComparisonTest {
  private static final List<Integer> CUTOFFS = List.of(1, 10);
  private static final Bootstrap BOOTSTRAP = new Bootstrap(2000, 7);

  static Query query(String category, int id, String... aspects) {
    return new Query(
        category,
        String.valueOf(id),
        "ref" + id,
        "is red",
        List.of("t" + id),
        List.of(aspects),
        60);
  }

  static Outcome ranked(int rank) {
    return new Outcome(rank, 0, List.of(), List.of("t0", "x"), List.of(0.5f, 0.25f));
  }

  static Outcomes outcomes(
      String protocol, Family family, List<Query> queries, Map<String, List<Outcome>> heads) {
    return new Outcomes(
        protocol, "wardrobe", family, protocol + ": sizes; ties", List.of(), queries, heads);
  }

  private static Outcomes fashion(List<Integer> sum, List<Integer> gated) {
    List<Query> queries = new ArrayList<>();
    for (int i = 0; i < sum.size(); i++) {
      queries.add(query(i % 4 == 0 ? "dress" : "shirt", i));
    }
    return outcomes(
        "wardrobe/original",
        Family.FASHIONIQ,
        queries,
        Map.of(
            "sum", sum.stream().map(ComparisonTest::ranked).toList(),
            "gated", gated.stream().map(ComparisonTest::ranked).toList()));
  }

  private static Comparison compare(Outcomes outcomes) {
    return Comparison.of(
        new Side(outcomes, "sum"), new Side(outcomes, "gated"), CUTOFFS, BOOTSTRAP);
  }

  @Test
  void differencesAreThoseOfTheMacroMean() {
    // dress: queries 0 and 4; shirt: 1, 2, 3, 5
    Comparison comparison =
        compare(fashion(List.of(1, 11, 11, 2, 30, 12), List.of(11, 1, 10, 0, 30, 12)));

    Difference macro = comparison.by("R@10").orElseThrow();
    assertThat(macro.first()).isCloseTo((1 / 2.0 + 1 / 4.0) / 2, within(1e-12));
    assertThat(macro.second()).isCloseTo((0 + 2 / 4.0) / 2, within(1e-12));
    assertThat(macro.wins()).isEqualTo(2);
    assertThat(macro.losses()).isEqualTo(2);
    Difference shirt = comparison.by("shirt/R@10").orElseThrow();
    assertThat(shirt.value()).isCloseTo(0.25, within(1e-12));
    assertThat(comparison.differences())
        .extracting(Difference::metric)
        .containsExactly("R@1", "R@10", "dress/R@1", "dress/R@10", "shirt/R@1", "shirt/R@10");
    assertThat(comparison.changes())
        .extracting(change -> change.query().id(), Change::first, Change::second)
        .containsExactly(
            tuple("1", 11, 1), tuple("2", 11, 10), tuple("3", 2, 0), tuple("0", 1, 11));
  }

  @Test
  void theIntervalIsThatOfTheNormalApproximation() {
    Random random = new Random(3);
    int size = 800;
    List<Integer> sum = IntStream.range(0, size).map(i -> 1 + random.nextInt(20)).boxed().toList();
    List<Integer> gated =
        IntStream.range(0, size).map(i -> 1 + random.nextInt(14)).boxed().toList();
    List<Query> queries = IntStream.range(0, size).mapToObj(i -> query("", i)).toList();
    Outcomes outcomes =
        outcomes(
            "wardrobe/original",
            Family.FASHIONIQ,
            queries,
            Map.of(
                "sum", sum.stream().map(ComparisonTest::ranked).toList(),
                "gated", gated.stream().map(ComparisonTest::ranked).toList()));

    Difference found = compare(outcomes).by("R@10").orElseThrow();

    double squares = 0;
    for (int i = 0; i < size; i++) {
      double gain = (gated.get(i) <= 10 ? 1 : 0) - (sum.get(i) <= 10 ? 1 : 0) - found.value();
      squares += gain * gain;
    }
    double half = 1.96 * Math.sqrt(squares / size / size);
    assertThat(found.low()).isCloseTo(found.value() - half, within(0.15 * half));
    assertThat(found.high()).isCloseTo(found.value() + half, within(0.15 * half));
    assertThat(found.certain()).isTrue();
    assertThat(compare(outcomes)).isEqualTo(compare(outcomes));
  }

  @Test
  void equalGainsLeaveNoDoubt() {
    Difference found =
        compare(fashion(List.of(11, 11, 11, 11, 11), List.of(1, 1, 1, 1, 1)))
            .by("R@10")
            .orElseThrow();

    assertThat(List.of(found.low(), found.high(), found.value())).containsOnly(1.0);
  }

  @Test
  void circoIsComparedByPrecisionAndAspect() {
    List<Query> queries = List.of(query("", 0, "negation"), query("", 1));
    Outcomes outcomes =
        circo(
            queries,
            List.of(precisions(3, .1, .2, .3, .4), precisions(9, .0, .0, .0, .5)),
            List.of(precisions(1, .5, .6, .7, .8), precisions(9, .0, .1, .0, .4)));

    Comparison comparison = compare(outcomes);

    assertThat(comparison.by("mAP@5").orElseThrow().value()).isCloseTo(.2, within(1e-12));
    assertThat(comparison.by("Recall@5").orElseThrow().value()).isZero();
    assertThat(comparison.by("semantic/negation/mAP@10").orElseThrow().value())
        .isCloseTo(.4, within(1e-12));
    assertThat(comparison.changes())
        .extracting(change -> change.query().id())
        .containsExactly("0", "1");
    assertThat(ComparisonTable.terminal(comparison))
        .contains("mAP@5", "+20.00", "percent; * where the interval leaves zero out");
  }

  private static Outcomes circo(List<Query> queries, List<Outcome> sum, List<Outcome> gated) {
    return outcomes("circo/val", Family.CIRCO, queries, Map.of("sum", sum, "gated", gated));
  }

  private static Outcome precisions(int rank, double at5, double at10, double at25, double at50) {
    return new Outcome(rank, 0, List.of(at5, at10, at25, at50), List.of(), List.of());
  }

  @Test
  void roundingMakesNoDifferenceCertain() {
    List<Query> queries = IntStream.range(0, 30).mapToObj(i -> query("", i)).toList();
    Outcome before = precisions(3, .3, .3, .3, .3);
    Outcome after = precisions(3, .1 + .2, .1 + .2, .1 + .2, .1 + .2);
    Outcomes outcomes =
        circo(queries, Collections.nCopies(30, before), Collections.nCopies(30, after));

    Difference found = compare(outcomes).by("mAP@5").orElseThrow();
    assertThat(List.of(found.low(), found.high())).containsOnly(0.0);
    assertThat(found.certain()).isFalse();
  }

  @Test
  void otherProtocolsQueriesAndHeadsAreRefused() {
    Outcomes outcomes = fashion(List.of(1, 2), List.of(2, 1));
    Outcomes union =
        outcomes("wardrobe/val-union", Family.FASHIONIQ, outcomes.queries(), outcomes.heads());
    Outcomes more = fashion(List.of(1, 2), List.of(2, 1));
    Outcomes other =
        new Outcomes(
            more.protocol(),
            "wardrobe",
            more.family(),
            more.caption(),
            List.of(),
            List.of(query("dress", 0), query("shirt", 9)),
            more.heads());

    assertThatThrownBy(() -> compare(outcomes, union))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining(
            "Cannot compare numbers of wardrobe/original with numbers of wardrobe/val-union");
    assertThatThrownBy(() -> compare(outcomes, other))
        .hasMessageContaining(
            "query shirt/1 of the first asks for other images than query shirt/9");
    assertThatThrownBy(() -> new Side(outcomes, "tirg").of())
        .hasMessageContaining("Cannot compare the head 'tirg' on wardrobe/original: only [");
    assertThatThrownBy(() -> new Bootstrap(99, 1)).hasMessageContaining("at least 100 are needed");
  }

  private static void compare(Outcomes first, Outcomes second) {
    Comparison.of(new Side(first, "sum"), new Side(second, "sum"), CUTOFFS, BOOTSTRAP);
  }
}
