package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunKeyTest {
  private static final RunKey KEY =
      new RunKey("train", Map.of("head", Map.of("kind", "gated", "width", 384)), Map.of(), 1);

  @Test
  void hashIsThatOfTheCanonicalJson() {
    assertThat(KEY.hash())
        .isEqualTo(
            Sha256.of(
                ("{\"stage\":\"train\",\"config\":{\"head\":{\"kind\":\"gated\",\"width\":384}},"
                        + "\"inputs\":{},\"codeFormat\":1}")
                    .getBytes(java.nio.charset.StandardCharsets.UTF_8)));
  }

  @Test
  void orderOfKeysDoesNotMatter() {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("width", 384);
    one.put("kind", "gated");
    Map<String, Object> two = new LinkedHashMap<>();
    two.put("kind", "gated");
    two.put("width", 384);

    assertThat(new RunKey("train", Map.of("head", one), Map.of(), 1).hash())
        .isEqualTo(new RunKey("train", Map.of("head", two), Map.of(), 1).hash());
  }

  @Test
  void everyPartMatters() {
    Map<String, ?> config = KEY.config();
    assertThat(
            List.of(
                KEY.hash(),
                new RunKey("align", config, Map.of(), 1).hash(),
                new RunKey("train", Map.of(), Map.of(), 1).hash(),
                new RunKey("train", config, Map.of("encode", "a1"), 1).hash(),
                new RunKey("train", config, Map.of("encode", "a2"), 1).hash(),
                new RunKey("train", config, Map.of(), 2).hash()))
        .doesNotHaveDuplicates();
  }
}
