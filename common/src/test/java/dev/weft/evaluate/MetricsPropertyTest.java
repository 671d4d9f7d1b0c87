package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class MetricsPropertyTest {
  private static final int GALLERY = 80;

  private static List<RankedQuery> queries(Random random, int count) {
    List<String> images =
        new ArrayList<>(IntStream.range(0, GALLERY).mapToObj(String::valueOf).toList());
    List<RankedQuery> queries = new ArrayList<>();
    for (int id = 0; id < count; id++) {
      Collections.shuffle(images, random);
      List<String> ranking = List.copyOf(images.subList(0, 50));
      int rank = 1 + random.nextInt(GALLERY);
      String target = images.get(rank - 1);
      List<String> truths = new ArrayList<>(List.of(target));
      for (int more = random.nextInt(8); more > 0; more--) {
        String other = images.get(random.nextInt(GALLERY));
        if (!truths.contains(other)) {
          truths.add(other);
        }
      }
      queries.add(
          new RankedQuery(
              "c" + random.nextInt(3),
              String.valueOf(id),
              ranking,
              truths,
              random.nextBoolean() ? List.of("negation") : List.of(),
              List.of(),
              OptionalInt.of(rank),
              GALLERY));
    }
    return queries;
  }

  private static Metrics metrics(Family family, List<RankedQuery> queries) {
    return Metrics.of(
        new Protocol("set", family, "val", CandidateRule.ORIGINAL),
        "head",
        queries,
        Map.of("c0", GALLERY, "c1", GALLERY, "c2", GALLERY),
        IntStream.rangeClosed(1, 50).boxed().toList(),
        List.of());
  }

  @Property(tries = 100)
  void recallDoesNotFallWithTheCutOff(
      @ForAll Random random, @ForAll @IntRange(min = 1, max = 30) int count) {
    Map<String, Double> values = metrics(Family.FASHIONIQ, queries(random, count)).values();

    for (int cutoff = 2; cutoff <= 50; cutoff++) {
      assertThat(values.get("R@" + cutoff)).isBetween(values.get("R@" + (cutoff - 1)), 1.0);
    }
  }

  @Property(tries = 100)
  void theOrderOfQueriesDoesNotMatterToTheLastBit(
      @ForAll Random random, @ForAll @IntRange(min = 1, max = 30) int count) {
    List<RankedQuery> queries = queries(random, count);
    List<RankedQuery> shuffled = new ArrayList<>(queries);
    Collections.shuffle(shuffled, random);

    assertThat(metrics(Family.FASHIONIQ, shuffled)).isEqualTo(metrics(Family.FASHIONIQ, queries));
    assertThat(metrics(Family.CIRCO, shuffled)).isEqualTo(metrics(Family.CIRCO, queries));
  }

  @Property(tries = 100)
  void averagePrecisionIsOneExactlyWhenTheRightAnswersLead(@ForAll Random random) {
    RankedQuery query = queries(random, 1).get(0);
    for (int cutoff : List.of(1, 5, 10, 50)) {
      int leading = Math.min(cutoff, query.groundTruths().size());
      boolean lead = query.groundTruths().containsAll(query.ranking().subList(0, leading));

      assertThat(query.averagePrecisionAt(cutoff)).isBetween(0.0, 1.0);
      assertThat(query.averagePrecisionAt(cutoff) == 1).isEqualTo(lead);
    }
  }

  @Property(tries = 100)
  void movingARightAnswerUpNeverLowersAveragePrecision(
      @ForAll Random random, @ForAll @IntRange(min = 1, max = 49) int place) {
    RankedQuery query = queries(random, 1).get(0);
    List<String> ranking = new ArrayList<>(query.ranking());
    boolean rightMovesUp =
        query.groundTruths().contains(ranking.get(place))
            && !query.groundTruths().contains(ranking.get(place - 1));
    Collections.swap(ranking, place, place - 1);
    int target = ranking.indexOf(query.target()) + 1;
    RankedQuery swapped =
        new RankedQuery(
            query.category(),
            query.id(),
            ranking,
            query.groundTruths(),
            List.of(),
            List.of(),
            target == 0 ? query.targetRank() : OptionalInt.of(target),
            GALLERY);

    for (int cutoff : List.of(5, 10, 25, 50)) {
      if (rightMovesUp) {
        assertThat(swapped.averagePrecisionAt(cutoff))
            .isGreaterThanOrEqualTo(query.averagePrecisionAt(cutoff));
      }
    }
  }
}
