package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.compute.Workers;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TextsTest {
  private static Texts of(List<String> texts) {
    try (Workers workers = new Workers(2)) {
      return Texts.of(texts.size(), i -> texts.get(i).getBytes(StandardCharsets.UTF_8), workers);
    }
  }

  private static List<String> texts(int count, IntFunction<String> text) {
    return IntStream.range(0, count).mapToObj(text).toList();
  }

  private static void assertKeeps(List<String> texts) {
    Texts kept = of(texts);
    for (int i = 0; i < texts.size(); i++) {
      assertThat(kept.get(i)).isEqualTo(texts.get(i));
      assertThat(kept.is(i, texts.get(i).getBytes(StandardCharsets.UTF_8))).isTrue();
      assertThat(kept.is(i, (texts.get(i) + ".").getBytes(StandardCharsets.UTF_8))).isFalse();
    }
  }

  @Test
  void textsOfAnyLengthComeBack() {
    SplittableRandom random = new SplittableRandom(1);
    assertKeeps(List.of());
    assertKeeps(List.of(""));
    assertKeeps(
        texts(
            5000,
            i -> {
              String shared = "\u00e4\ud83d\ude00".repeat(random.nextInt(3) * random.nextInt(60));
              return shared + "x".repeat(random.nextInt(20)) + random.nextInt(10);
            }));
    assertKeeps(List.of("a".repeat(40_000), "a".repeat(20_000) + "b".repeat(20_000), "a"));
  }

  @Test
  void manyTextsAreKeptInParts() {
    assertKeeps(texts(140_000, i -> "id-" + i));
  }

  @Test
  void runsOfEqualTextsComeBackAndTakeNextToNothing() {
    List<String> texts = texts(10_000, i -> i < 4000 ? "" : i < 7013 ? "file:/a" : "file:/b");
    assertKeeps(texts);
    assertThat(of(texts).bytes()).isLessThan(texts.size() / 6);
  }

  @Test
  void sortedIdsTakeWhatTheyDoNotShare() {
    Texts ids = of(texts(100_000, i -> String.format(Locale.ROOT, "%09d", 10 * i)));
    assertThat(ids.bytes() / 100_000.0).isBetween(3.0, 3.8); // a byte, two or three digits, blocks
  }
}
