package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.evaluate.Protocol.Counts;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MetricsTest {
  private static final List<Integer> CUTOFFS = List.of(1, 10, 50);
  private static final Protocol WARDROBE =
      new Protocol("wardrobe", Family.FASHIONIQ, "val", CandidateRule.ORIGINAL);

  /** A query whose target has the given rank among 60 candidates; 0 for a target that is none. */
  static RankedQuery withTargetAt(String category, String id, int rank) {
    List<String> ranking =
        IntStream.rangeClosed(1, 50).mapToObj(i -> i == rank ? "target" : "image" + i).toList();
    return new RankedQuery(
        category,
        id,
        ranking,
        List.of("target"),
        List.of(),
        List.of(),
        rank == 0 ? OptionalInt.empty() : OptionalInt.of(rank),
        60);
  }

  @Test
  void recallIsTheMeanOverCategoriesNotOverQueries() {
    Metrics metrics =
        Metrics.of(
            WARDROBE,
            "gated",
            List.of(
                withTargetAt("shirt", "0", 1),
                withTargetAt("dress", "0", 1),
                withTargetAt("dress", "1", 10),
                withTargetAt("dress", "2", 11),
                withTargetAt("dress", "3", 55)),
            Map.of("dress", 60, "shirt", 60),
            CUTOFFS,
            List.of());

    assertThat(metrics.values())
        .containsExactly(
            Map.entry("R@1", (0.25 + 1) / 2),
            Map.entry("R@10", (0.5 + 1) / 2),
            Map.entry("R@50", (0.75 + 1) / 2),
            Map.entry("dress/R@1", 0.25),
            Map.entry("dress/R@10", 0.5),
            Map.entry("dress/R@50", 0.75),
            Map.entry("shirt/R@1", 1.0),
            Map.entry("shirt/R@10", 1.0),
            Map.entry("shirt/R@50", 1.0));
    assertThat(metrics.selectionScore()).isEqualTo((0.75 + 0.875) / 2);
    assertThat(metrics.degraded()).isFalse();
    assertThat(metrics.queries()).isEqualTo(5);
    assertThat(metrics.caption())
        .isEqualTo(
            "wardrobe/original: dress 4 queries in 60 images, shirt 1 queries in 60 images; ties:"
                + " score descending, then image id ascending by code point");
  }

  @Test
  void aDataSetWithoutCategoriesHasOnlyTheMean() {
    Metrics metrics =
        Metrics.of(
            WARDROBE,
            "sum",
            List.of(withTargetAt("", "0", 1), withTargetAt("", "1", 2)),
            Map.of("", 60),
            CUTOFFS,
            List.of());

    assertThat(metrics.values()).containsOnlyKeys("R@1", "R@10", "R@50").containsEntry("R@1", 0.5);
  }

  @Test
  void anotherSizeThanThePublishedOneDegrades() {
    Metrics metrics =
        Metrics.of(
            new Protocol("fashioniq", Family.FASHIONIQ, "val", CandidateRule.ORIGINAL_NOREF),
            "sum",
            List.of(withTargetAt("dress", "0", 0)),
            Map.of("dress", 3816),
            CUTOFFS,
            List.of("12 images are missing"));

    assertThat(metrics.degraded()).isTrue();
    assertThat(metrics.degradedBecause())
        .containsExactly(
            "12 images are missing",
            "dress: 1 queries in 3,816 images where the published set has 2,017 in 3,817",
            "shirt: 0 queries in 0 images where the published set has 2,038 in 6,346",
            "toptee: 0 queries in 0 images where the published set has 1,961 in 5,373");
    assertThat(Metrics.lostTargets(List.of(withTargetAt("dress", "0", 0))))
        .containsExactly("1 targets are not in their gallery");
    assertThat(Metrics.lostTargets(List.of(withTargetAt("dress", "0", 55)))).isEmpty();
    assertThat(metrics.protocol()).isEqualTo("fashioniq/original-noref");
  }

  @Test
  void thePublishedSizeDoesNotDegrade() {
    List<RankedQuery> queries =
        IntStream.range(0, 220)
            .mapToObj(id -> withTargetAt("", String.valueOf(id), 1 + id % 60))
            .toList();

    Metrics metrics =
        Metrics.of(
            new Protocol("circo", Family.CIRCO, "val", CandidateRule.ORIGINAL),
            "sum",
            queries,
            Map.of("", 123403),
            CUTOFFS,
            List.of());

    assertThat(metrics.degraded()).isFalse();
    assertThat(metrics.counts()).containsExactly(Map.entry("", new Counts(220, 123403)));
    assertThat(metrics.published()).containsKeys("circo/mAP@5", "circo/Recall@50");
  }

  @Test
  void circoAgreesWithAnIndependentComputation() throws IOException {
    JsonNode golden;
    try (InputStream file = MetricsTest.class.getResourceAsStream("/golden/circo-metrics.json")) {
      golden = new ObjectMapper().readTree(file);
    }
    List<RankedQuery> queries = new ArrayList<>();
    for (JsonNode query : golden.get("queries")) {
      List<String> ranking = texts(query.get("ranking"));
      List<String> truths = texts(query.get("ground_truths"));
      int place = ranking.indexOf(truths.get(0)) + 1;
      queries.add(
          new RankedQuery(
              "",
              query.get("id").asText(),
              ranking,
              truths,
              texts(query.get("aspects")),
              List.of(),
              OptionalInt.of(place == 0 ? 51 : place),
              golden.get("gallery").asInt()));
    }

    Metrics metrics =
        Metrics.of(
            new Protocol("wardrobe-circo", Family.CIRCO, "val", CandidateRule.ORIGINAL),
            "sum",
            queries,
            Map.of("", golden.get("gallery").asInt()),
            CUTOFFS,
            List.of());

    JsonNode expected = golden.get("expected");
    assertThat(metrics.values()).hasSize(expected.size());
    metrics
        .values()
        .forEach(
            (name, value) ->
                assertThat(value).as(name).isCloseTo(expected.get(name).asDouble(), within(1e-12)));
  }

  @Test
  void cirrRanksTheImageGroupToo() {
    List<String> ranking = List.of("a", "b", "c");
    Metrics metrics =
        Metrics.of(
            new Protocol("cirr", Family.CIRR, "val", CandidateRule.ORIGINAL),
            "sum",
            List.of(
                new RankedQuery(
                    "",
                    "0",
                    ranking,
                    List.of("c"),
                    List.of(),
                    List.of("b", "c"),
                    OptionalInt.of(3),
                    3),
                new RankedQuery(
                    "",
                    "1",
                    ranking,
                    List.of("a"),
                    List.of(),
                    List.of("a", "c"),
                    OptionalInt.of(1),
                    3)),
            Map.of("", 4),
            CUTOFFS,
            List.of());

    assertThat(metrics.values())
        .containsExactly(
            Map.entry("R@1", 0.5),
            Map.entry("R@5", 1.0),
            Map.entry("R@10", 1.0),
            Map.entry("R@50", 1.0),
            Map.entry("R_subset@1", 0.5),
            Map.entry("R_subset@2", 1.0),
            Map.entry("R_subset@3", 1.0));
    assertThat(metrics.selectionScore()).isEqualTo(0.75);
    assertThat(metrics.published()).containsEntry("cirr/R_subset@1", 0.5);
  }

  @Test
  void repeatedAndMissingPartsAreRefused() {
    RankedQuery query = withTargetAt("dress", "4", 1);

    assertThatThrownBy(() -> wardrobe(List.of(query, query), Map.of("dress", 60)))
        .hasMessage(
            "Cannot evaluate by wardrobe/original: query 4 of category 'dress' is there twice, which"
                + " would count it double. Remove one of the two rankings.");
    assertThatThrownBy(() -> wardrobe(List.of(query), Map.of("shirt", 60)))
        .hasMessageContaining("category 'dress' has 1 queries and no gallery");
    assertThatThrownBy(() -> wardrobe(List.of(), Map.of()))
        .hasMessageContaining("there are no queries. Ingest the split 'val' of 'wardrobe'");
  }

  private static Metrics wardrobe(List<RankedQuery> queries, Map<String, Integer> galleries) {
    return Metrics.of(WARDROBE, "sum", queries, galleries, CUTOFFS, List.of());
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(element -> texts.add(element.asText()));
    return texts;
  }
}
