package dev.weft.rank;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.ingest.ImageKey;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ExactSearchPropertyTest {
  private static final int WIDTH = 37;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Image(ImageKey key, float[] vector) {}

  /** Few distinct vectors, so that many images tie, some only in the last bits. */
  private static List<Image> images(SplittableRandom random, int count) {
    List<float[]> distinct = new ArrayList<>();
    for (int i = 0; i < 1 + count / 3; i++) {
      distinct.add(vector(random));
    }
    List<Image> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      float[] vector = distinct.get(random.nextInt(distinct.size())).clone();
      if (random.nextInt(4) == 0) {
        int at = random.nextInt(WIDTH);
        vector[at] = Math.nextUp(vector[at]);
      }
      images.add(new Image(new ImageKey("set", "c" + i % 2, "" + i / 2), vector));
    }
    return images;
  }

  private static float[] vector(SplittableRandom random) {
    float[] vector = new float[WIDTH];
    for (int i = 0; i < WIDTH; i++) {
      vector[i] = (float) (random.nextDouble() - 0.5);
    }
    return vector;
  }

  private static Gallery gallery(List<Image> images) {
    Gallery.Builder builder = Gallery.builder(WIDTH);
    images.forEach(image -> builder.add(image.key(), image.vector()));
    return builder.build();
  }

  private static List<Ranking> rank(List<Image> images, List<Probe> probes, int depth) {
    try (Gallery gallery = gallery(images)) {
      return ExactSearch.rank(gallery, probes, depth);
    }
  }

  private static List<Probe> probes(SplittableRandom random, List<Image> images) {
    List<Probe> probes = new ArrayList<>();
    for (int q = 0; q < 1 + random.nextInt(5); q++) {
      Image target = images.get(random.nextInt(images.size()));
      Image reference = images.get(random.nextInt(images.size()));
      float[] query = random.nextBoolean() ? vector(random) : target.vector();
      probes.add(new Probe(query, Set.of(reference.key()), Optional.of(target.key())));
    }
    return probes;
  }

  @Property(tries = 150)
  void rankingsAreTheSortedGalleryAndTheRankIsThePlaceInIt(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int count) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Image> images = images(random, count);
    List<Probe> probes = probes(random, images);
    int depth = 1 + random.nextInt(count + 3);

    List<Ranking> rankings = rank(images, probes, depth);

    for (int q = 0; q < probes.size(); q++) {
      Probe probe = probes.get(q);
      List<Hit> sorted =
          images.stream()
              .filter(image -> !probe.excluded().contains(image.key()))
              .map(image -> new Hit(image.key(), ExactSearch.score(probe.vector(), image.vector())))
              .sorted()
              .toList();
      List<ImageKey> order = sorted.stream().map(Hit::image).toList();
      assertThat(rankings.get(q).hits())
          .isEqualTo(sorted.subList(0, Math.min(depth, sorted.size())));
      assertThat(rankings.get(q).targetRank().orElse(0))
          .isEqualTo(order.indexOf(probe.target().orElseThrow()) + 1);
      assertThat(rankings.get(q).candidates()).isEqualTo(sorted.size());
    }
  }

  @Property(tries = 100)
  void theMergedAnswersOfAnyPartsAreTheAnswerOfTheWhole(
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 120) int count,
      @ForAll @IntRange(min = 1, max = 9) int parts) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Image> images = images(random, count);
    List<Probe> probes = probes(random, images);
    int depth = 1 + random.nextInt(20);
    List<List<Image>> dealt = new ArrayList<>();
    for (int part = 0; part < parts; part++) {
      dealt.add(new ArrayList<>());
    }
    images.forEach(image -> dealt.get(random.nextInt(parts)).add(image));

    List<Ranking> whole = rank(images, probes, depth);
    List<List<Ranking>> apart = dealt.stream().map(part -> rank(part, probes, depth)).toList();

    for (int q = 0; q < probes.size(); q++) {
      int query = q;
      assertThat(Hit.merge(apart.stream().map(part -> part.get(query).hits()).toList(), depth))
          .isEqualTo(whole.get(q).hits());
    }
  }

  @Property(tries = 50)
  void theOrderOfImagesAndTheOtherQueriesChangeNothing(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 60) int count) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Image> images = images(random, count);
    List<Probe> probes = probes(random, images);
    List<Image> shuffled = new ArrayList<>(images);
    Collections.shuffle(shuffled, new Random(seed));

    List<Ranking> together = rank(images, probes, 10);

    for (int q = 0; q < probes.size(); q++) {
      assertThat(rank(shuffled, probes.subList(q, q + 1), 10)).containsExactly(together.get(q));
    }
  }
}
