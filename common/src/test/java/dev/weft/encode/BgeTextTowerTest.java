package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class BgeTextTowerTest {
  private static final List<String> TEXTS =
      List.of(
          "is red",
          "is the same dress but with long sleeves and a floral pattern, and much shorter",
          "a blue shirt",
          "");

  private static BgeTextTower tower;

  @BeforeAll
  static void load() {
    tower = BgeTextTower.load(2);
  }

  @AfterAll
  static void close() {
    tower.close();
  }

  @Test
  void vectorsHaveUnitLength() {
    for (float[] vector : tower.encode(TEXTS)) {
      assertThat(vector).hasSize(BgeTextTower.DIMENSION);
      assertThat(cosine(vector, vector)).isCloseTo(1, within(1e-6));
    }
  }

  @Test
  void aVectorDependsOnItsTextOnly() {
    float[][] together = tower.encode(TEXTS);
    try (BgeTextTower narrow = BgeTextTower.load(1)) {
      for (int i = 0; i < TEXTS.size(); i++) {
        assertThat(narrow.encode(List.of(TEXTS.get(i)))[0]).isEqualTo(together[i]);
      }
      assertThat(narrow.fingerprint()).isEqualTo(tower.fingerprint()).hasSize(64);
    }
  }

  @Test
  void theFingerprintNamesTheVersionOfTheRuntime() throws IOException {
    byte[] model = BgeTextTower.resource(BgeTextTower.MODEL);
    byte[] tokenizer = BgeTextTower.resource(BgeTextTower.TOKENIZER);

    String here = OrtEnvironment.getEnvironment().getVersion();

    assertThat(tower.fingerprint())
        .isEqualTo(BgeTextTower.fingerprint(model, tokenizer, here))
        .isNotEqualTo(BgeTextTower.fingerprint(model, tokenizer, here + ".1"));
  }

  @Test
  void relatedTextsAreNearer() {
    float[][] vectors =
        tower.encode(
            List.of("a dress for the summer", "light clothes for hot days", "a diesel engine"));

    assertThat(cosine(vectors[0], vectors[1])).isGreaterThan(cosine(vectors[0], vectors[2]) + 0.1);
  }

  @Test
  void overlongTextsLoseTheirEnd() {
    String start = String.join(" ", Collections.nCopies(600, "red"));
    List<String> texts = new ArrayList<>();
    IntStream.range(0, 2).forEach(i -> texts.add(start + (i == 0 ? " blue" : " green engine")));

    float[][] vectors = tower.encode(texts);

    assertThat(vectors[0]).isEqualTo(vectors[1]);
    assertThat(tower.textsAndCuts(List.of("red", texts.get(0), "blue")).cut())
        .containsExactly(false, true, false);
  }

  private static double cosine(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
