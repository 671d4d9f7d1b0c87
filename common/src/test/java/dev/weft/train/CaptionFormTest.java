package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CaptionFormTest {
  private static List<String> sentences(String... captions) {
    return Arrays.stream(CaptionForm.values())
        .map(form -> form.sentence(List.of(captions)))
        .toList();
  }

  @Test
  void twoCaptionsGiveFourSentences() {
    assertThat(sentences("is red.", " has long sleeves, "))
        .containsExactly(
            "Is red and has long sleeves",
            "Has long sleeves and is red",
            "Is red",
            "Has long sleeves");
  }

  @Test
  void blankCaptionsAreLeftOut() {
    assertThat(sentences("", "is red", " . ")).containsOnly("Is red");
    assertThat(sentences(" ")).containsOnly("");
  }
}
