package dev.weft.rank;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.ingest.ImageKey;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ExactSearchTest {
  private static ImageKey key(String id) {
    return new ImageKey("set", "", id);
  }

  private static float[] unit(SplittableRandom random, int width) {
    float[] vector = new float[width];
    double square = 0;
    for (int i = 0; i < width; i++) {
      vector[i] = (float) (random.nextDouble() - 0.5);
      square += vector[i] * vector[i];
    }
    for (int i = 0; i < width; i++) {
      vector[i] /= (float) Math.sqrt(square);
    }
    return vector;
  }

  private static Gallery small() {
    return Gallery.builder(2)
        .add(key("d"), new float[] {0, 1})
        .add(key("c"), new float[] {1, 0})
        .add(key("b"), new float[] {0, -1})
        .add(key("a"), new float[] {1, 0})
        .build();
  }

  @Test
  void higherScoresComeFirstAndTiesByIdWhateverTheOrderOfTheGallery() {
    try (Gallery gallery = small()) {
      Ranking ranking =
          ExactSearch.rank(gallery, List.of(Probe.of(new float[] {1, 0.5f})), 10).get(0);

      assertThat(ranking.hits())
          .containsExactly(
              new Hit(key("a"), 1),
              new Hit(key("c"), 1),
              new Hit(key("d"), 0.5f),
              new Hit(key("b"), -0.5f));
      assertThat(ranking.candidates()).isEqualTo(4);
      assertThat(ranking.targetRank()).isEmpty();
    }
  }

  @Test
  void anExcludedImageIsNoCandidateAndMovesTheRankUp() {
    try (Gallery gallery = small()) {
      float[] query = {1, 0.5f};
      List<Ranking> rankings =
          ExactSearch.rank(
              gallery,
              List.of(
                  new Probe(query, Set.of(), Optional.of(key("d"))),
                  new Probe(query, Set.of(key("a"), key("z")), Optional.of(key("d"))),
                  new Probe(query, Set.of(key("d")), Optional.of(key("d"))),
                  new Probe(query, Set.of(), Optional.of(key("z")))),
              2);

      assertThat(rankings.get(0).targetRank()).hasValue(3);
      assertThat(rankings.get(1).targetRank()).hasValue(2);
      assertThat(rankings.get(1).ids()).containsExactly("c", "d");
      assertThat(rankings.get(1).candidates()).isEqualTo(3);
      assertThat(rankings.get(2).targetRank()).isEmpty();
      assertThat(rankings.get(3).targetRank()).isEmpty();
    }
  }

  @Test
  void severalTilesOfImagesAndQueriesGiveTheOrderOfTheDefinition() {
    SplittableRandom random = new SplittableRandom(5);
    int width = 20;
    List<float[]> vectors = new ArrayList<>();
    Gallery.Builder builder = Gallery.builder(width);
    for (int i = 0; i < 2 * Gallery.TILE + 77; i++) {
      // every 50th repeats an earlier vector: exact ties far apart
      vectors.add(i % 50 == 49 ? vectors.get(i / 2) : unit(random, width));
      builder.add(key("i" + i), vectors.get(i));
    }
    List<Probe> probes = new ArrayList<>();
    for (int q = 0; q < 300; q++) {
      ImageKey target = key("i" + random.nextInt(vectors.size()));
      probes.add(new Probe(unit(random, width), Set.of(), Optional.of(target)));
    }

    try (Gallery gallery = builder.build()) {
      List<Ranking> rankings = ExactSearch.rank(gallery, probes, 50);

      for (int q = 0; q < probes.size(); q += 23) {
        Probe probe = probes.get(q);
        List<Hit> sorted = new ArrayList<>();
        for (int i = 0; i < vectors.size(); i++) {
          sorted.add(new Hit(key("i" + i), ExactSearch.score(probe.vector(), vectors.get(i))));
        }
        sorted.sort(null);
        assertThat(rankings.get(q).hits()).isEqualTo(sorted.subList(0, 50));
        assertThat(sorted.get(rankings.get(q).targetRank().orElseThrow() - 1).image())
            .isEqualTo(probe.target().orElseThrow());
      }
    }
  }

  @Test
  void aFewImagesAreRankedByTheSameOrder() {
    try (Gallery gallery = small()) {
      assertThat(
              ExactSearch.rankAmong(
                  gallery, new float[] {1, 0.5f}, List.of(key("b"), key("c"), key("a"))))
          .extracting(hit -> hit.image().id())
          .containsExactly("a", "c", "b");
      assertThatThrownBy(
              () -> ExactSearch.rankAmong(gallery, new float[] {1, 0}, List.of(key("z"))))
          .isInstanceOf(WeftException.class)
          .hasMessage(
              "Cannot rank the image set/z: the gallery of 4 images does not have it. Encode the"
                  + " data set's images again.");
    }
  }

  @Test
  void anEmptyGalleryAnswersWithNothing() {
    try (Gallery gallery = Gallery.builder(2).build()) {
      Ranking ranking = ExactSearch.rank(gallery, List.of(Probe.of(new float[] {1, 0})), 3).get(0);

      assertThat(ranking.hits()).isEmpty();
      assertThat(ranking.candidates()).isZero();
    }
  }

  @Test
  void littleEndianBytesAreTheSameVector() {
    byte[] bytes =
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putFloat(0.6f).putFloat(0.8f).array();
    try (Gallery gallery = Gallery.builder(2).add(key("a"), bytes).build()) {
      assertThat(ExactSearch.rankAmong(gallery, new float[] {0, 1}, List.of(key("a"))))
          .containsExactly(new Hit(key("a"), 0.8f));
    }
  }

  @Test
  void brokenVectorsAreRefused() {
    Gallery.Builder builder = Gallery.builder(2).add(key("a"), new float[] {1, 0});

    assertThatThrownBy(() -> builder.add(key("b"), new float[] {Float.NaN, 0}))
        .hasMessageStartingWith("Cannot rank the image set/b: its vector holds a value that is not")
        .hasMessageContaining("Encode the images again");
    assertThatThrownBy(() -> builder.add(key("b"), new float[] {1}))
        .hasMessageContaining("its vector has 1 values where 2 are expected");
    assertThatThrownBy(() -> builder.add(key("a"), new float[] {1, 0}))
        .hasMessageContaining("the image set/a is in it twice");
    try (Gallery gallery = builder.build()) {
      assertThatThrownBy(
              () ->
                  ExactSearch.rank(
                      gallery,
                      List.of(
                          Probe.of(new float[] {0, 1}),
                          Probe.of(new float[] {0, Float.POSITIVE_INFINITY})),
                      1))
          .hasMessageStartingWith("Cannot rank query 1: its vector holds a value that is not");
      assertThatThrownBy(
              () -> ExactSearch.rank(gallery, List.of(Probe.of(new float[] {0, 1, 0})), 1))
          .hasMessageStartingWith("Cannot rank query 0: its vector has 3 values, those of the");
    }
  }

  @Test
  void keysAreOrderedByIdThenCategoryThenDataSetByCodePoint() {
    ImageKey beyond = key("\uD83D\uDC57"); // U+1F457, a dress
    ImageKey privateUse = key("\uE000");

    assertThat(privateUse).isLessThan(beyond);
    assertThat(key("a")).isLessThan(key("aa"));
    assertThat(key("10")).isLessThan(key("9"));
    assertThat(new ImageKey("z", "dress", "1")).isLessThan(new ImageKey("a", "shirt", "1"));
    assertThat(new ImageKey("z", "z", "1")).isLessThan(new ImageKey("a", "a", "2"));
    assertThat(new ImageKey("a", "a", "1")).isLessThan(new ImageKey("b", "a", "1"));
  }

  @Test
  void zeroHasOneSignAndNoScoreIsNaN() {
    assertThat(new Hit(key("a"), -0f)).isEqualTo(new Hit(key("a"), 0f));
    assertThatThrownBy(() -> new Hit(key("a"), Float.NaN))
        .hasMessage("the score of set/a is not a number");
    assertThatThrownBy(
            () ->
                Hit.merge(List.of(List.of(new Hit(key("a"), 1)), List.of(new Hit(key("a"), 1))), 1))
        .hasMessage("set/a is in two parts of the gallery");
  }
}
