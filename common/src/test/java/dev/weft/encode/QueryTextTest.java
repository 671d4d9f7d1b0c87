package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class QueryTextTest {
  private static final List<String> PAIR = List.of(" is darker, ", "has Long sleeves.");

  @Test
  void joinsTwoCaptionsInEveryForm() {
    assertThat(QueryText.of(PAIR, CaptionForm.FIRST_AND_SECOND))
        .isEqualTo("Is darker and has Long sleeves");
    assertThat(QueryText.of(PAIR, CaptionForm.SECOND_AND_FIRST))
        .isEqualTo("Has long sleeves and is darker");
    assertThat(QueryText.of(PAIR, CaptionForm.COMMA_AND))
        .isEqualTo("Is darker, and has Long sleeves");
    assertThat(QueryText.of(PAIR, CaptionForm.FIRST)).isEqualTo("Is darker");
    assertThat(QueryText.of(PAIR, CaptionForm.SECOND)).isEqualTo("Has long sleeves");
  }

  @Test
  void aSingleCaptionStaysAsItIsWritten() {
    for (CaptionForm form : CaptionForm.values()) {
      assertThat(QueryText.of(List.of("shows a Poodle, not a cat. "), form))
          .isEqualTo("shows a Poodle, not a cat. ");
    }
  }

  @Test
  void emptyCaptionsAreSkipped() {
    for (CaptionForm form : CaptionForm.values()) {
      assertThat(QueryText.of(List.of(" .", "is red"), form)).isEqualTo("Is red");
      assertThat(QueryText.of(List.of("", "?"), form)).isEmpty();
    }
  }
}
