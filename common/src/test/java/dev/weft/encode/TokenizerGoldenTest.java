package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/**
 * Holds token ids against those of the Python package tokenizers on 2,000 texts: captions, foreign
 * scripts, emoji, very long and empty ones. Reads what {@code scripts/golden/models.py} wrote.
 */
class TokenizerGoldenTest {
  private static final String BGE = "/bge-small-en-v1.5-q-tokenizer.json";

  private static List<JsonNode> rows() throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    ObjectMapper json = new ObjectMapper();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(
                    Files.newInputStream(TinyModels.golden("texts").resolve("ids.jsonl.gz"))),
                StandardCharsets.UTF_8))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        rows.add(json.readTree(line));
      }
    }
    return rows;
  }

  /** Compares every text; returns how many were cut. */
  private static int everyIdIsEqual(byte[] tokenizerJson, int limit, String name)
      throws IOException {
    List<JsonNode> rows = rows();
    int cut = 0;
    try (TextTokenizer tokenizer =
        new TextTokenizer(tokenizerJson, new TextRules(limit, false, 0))) {
      for (JsonNode row : rows) {
        List<Long> expected = new ArrayList<>();
        row.get(name).forEach(id -> expected.add(id.asLong()));
        TextTokenizer.Tokens tokens = tokenizer.encode(row.get("text").asText());
        assertThat(tokens.ids())
            .as(row.get("text").asText())
            .containsExactly(expected.stream().mapToLong(Long::longValue).toArray());
        cut += tokens.cut() ? 1 : 0;
      }
    }
    assertThat(rows).hasSize(2000);
    return cut;
  }

  @Test
  void theByteLevelBpeOfClip() throws IOException {
    int cut =
        everyIdIsEqual(
            Files.readAllBytes(TinyModels.golden("clip").resolve("tokenizer.json")), 77, "clip");
    assertThat(cut).isBetween(1, 1999);
  }

  @Test
  void theUnigramsOfSiglip() throws IOException {
    int cut =
        everyIdIsEqual(
            Files.readAllBytes(TinyModels.golden("siglip").resolve("tokenizer.json")),
            64,
            "siglip");
    assertThat(cut).isBetween(1, 1999);
  }

  @Test
  void theWordPiecesOfBge() throws IOException {
    try (InputStream in = TokenizerGoldenTest.class.getResourceAsStream(BGE)) {
      byte[] json = in.readAllBytes();
      assertThat(everyIdIsEqual(json, 512, "bge")).as("no text of the file is so long").isZero();
      try (TextTokenizer tokenizer = new TextTokenizer(json, new TextRules(512, false, 0))) {
        long[] whole = tokenizer.encode("a red dress").ids();
        TextTokenizer.Tokens cut = tokenizer.encode("a red dress ".repeat(300));
        assertThat(cut.cut()).isTrue();
        assertThat(cut.ids()).hasSize(512).endsWith(whole[whole.length - 1]);
      }
    }
  }

  @Test
  void anOverlongTextKeepsItsEndToken() throws IOException {
    byte[] json = Files.readAllBytes(TinyModels.golden("clip").resolve("tokenizer.json"));
    try (TextTokenizer tokenizer = new TextTokenizer(json, new TextRules(77, true, 9))) {
      TextTokenizer.Tokens all = tokenizer.encode("red ".repeat(300));
      TextTokenizer.Tokens one = tokenizer.encode("red");

      assertThat(all.ids()).hasSize(77);
      assertThat(all.cut()).isTrue();
      assertThat(all.ids()[76]).isEqualTo(one.ids()[2]);
      assertThat(one.cut()).isFalse();
      assertThat(one.ids()).hasSize(77);
      assertThat(one.ids()[3]).isEqualTo(9);
      assertThat(one.mask()).startsWith(1, 1, 1, 0).endsWith(0);
    }
  }

  @Test
  void halfACharacterIsReplaced() throws IOException {
    byte[] json = Files.readAllBytes(TinyModels.golden("clip").resolve("tokenizer.json"));
    try (TextTokenizer tokenizer = new TextTokenizer(json, new TextRules(77, false, 0))) {
      assertThat(tokenizer.encode("a \ud83d b").ids())
          .isEqualTo(tokenizer.encode("a \ufffd b").ids());
    }
  }
}
