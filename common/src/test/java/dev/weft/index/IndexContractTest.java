package dev.weft.index;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.List;
import org.junit.jupiter.api.Test;

class IndexContractTest {
  private static final IndexContract CONTRACT = IndexContract.of(128, "starter-91ab", "gated", 900);

  @Test
  void theManifestHoldsItAsJson() throws JsonProcessingException {
    ObjectMapper mapper = new ObjectMapper();
    String json = mapper.writeValueAsString(CONTRACT);

    assertThat(json)
        .isEqualTo(
            "{\"metric\":\"inner-product\",\"normalised\":true,\"width\":128,"
                + "\"vectorType\":\"float32-little-endian\",\"encoder\":\"starter-91ab\","
                + "\"head\":\"gated\",\"count\":900}");
    assertThat(mapper.readValue(json, IndexContract.class)).isEqualTo(CONTRACT);
  }

  @Test
  void anIndexOfAnotherKindIsRefused() {
    assertThatThrownBy(
            () ->
                new IndexContract(
                    "l2", true, 128, IndexContract.FLOAT32, "starter-91ab", "gated", 900))
        .isInstanceOf(WeftException.class)
        .hasMessage(
            "Cannot use the index: its metric is 'l2', and this version of Weft reads inner-product"
                + " only. Build the index again with this version.");
    assertThatThrownBy(() -> IndexContract.of(128, "starter-91ab", "gated", 0))
        .hasMessageContaining("its count is '0'");
  }

  @Test
  void vectorsOfTwoEncodersDoNotMix() {
    EncodedWith encoder = new EncodedWith("the encoder in use", "starter-91ab", 128);
    EncodedWith head = new EncodedWith("the head gated version 4", "starter-91ab", 128);
    EncodedWith index = new EncodedWith("the index runs/a/index version 3", "starter-07cd", 128);

    assertThatCode(() -> EncodedWith.requireSame(List.of(encoder, head)))
        .doesNotThrowAnyException();
    assertThatThrownBy(() -> EncodedWith.requireSame(List.of(encoder, head, index)))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessage(
            "Cannot use the index runs/a/index version 3 with the encoder in use: it was made with"
                + " the encoder starter-07cd (width 128), the other with starter-91ab (width 128),"
                + " so their vectors do not compare. Take the encoder it was made with, or make it"
                + " again with the other one.");
    assertThatThrownBy(
            () ->
                EncodedWith.requireSame(
                    List.of(encoder, new EncodedWith("the head sum", "starter-91ab", 64))))
        .hasMessageContaining("Cannot use the head sum with the encoder in use")
        .hasMessageContaining("(width 64)");
  }
}
