package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.ingest.BadImageException;
import dev.weft.ingest.ImageDecoder;
import dev.weft.ingest.ImageLimits;
import dev.weft.ingest.RgbImage;
import dev.weft.store.VectorBytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Holds vectors, from the bytes of a file or from a text, against those of transformers, tokenizers
 * and Pillow. Reads what {@code scripts/golden/models.py} wrote.
 */
class EncoderGoldenTest {
  private static final double COSINE = 0.9999;
  private static final Path PHOTOGRAPHS = Path.of("..", "..", "shared", "data", "coco-sample");

  private static List<JsonNode> rows(String file) throws IOException {
    List<JsonNode> rows = new ArrayList<>();
    for (String line : Files.readAllLines(TinyModels.golden(file))) {
      rows.add(new ObjectMapper().readTree(line));
    }
    return rows;
  }

  private static void requireClose(float[] found, JsonNode expected, String what) {
    float[] golden = VectorBytes.decode(Base64.getDecoder().decode(expected.asText()));
    double cosine = 0;
    for (int i = 0; i < golden.length; i++) {
      cosine += (double) golden[i] * found[i];
    }
    assertThat(found).hasSameSizeAs(golden);
    assertThat(cosine).as(what).isBetween(COSINE, 1.00001);
  }

  private static RgbImage picture(Path file) throws IOException, BadImageException {
    return new ImageDecoder(new ImageLimits(10_000_000, 10_000_000, 60))
        .decode(Files.readAllBytes(file));
  }

  private static int pictures(String model, Path folder, String prefix) throws Exception {
    int compared = 0;
    try (OnnxEncoder encoder = TinyModels.open(model)) {
      for (JsonNode row : rows("pictures/vectors.jsonl")) {
        String file = row.get("file").asText();
        if (file.startsWith(prefix)) {
          float[] vector = encoder.images(List.of(picture(folder.resolve(file))))[0];
          requireClose(vector, row.get(model), file);
          compared++;
        }
      }
    }
    return compared;
  }

  @ParameterizedTest
  @ValueSource(strings = {"clip", "siglip"})
  void drawnPictures(String model) throws Exception {
    assertThat(pictures(model, TinyModels.golden("pictures"), "drawn")).isEqualTo(6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"clip", "siglip"})
  void photographs(String model) throws Exception {
    assumeTrue(Files.isDirectory(PHOTOGRAPHS), "there is no " + PHOTOGRAPHS);

    assertThat(pictures(model, PHOTOGRAPHS, "0000")).isEqualTo(12);
  }

  @ParameterizedTest
  @ValueSource(strings = {"clip", "siglip"})
  void texts(String model) throws IOException {
    List<JsonNode> rows = rows("texts/vectors.jsonl");
    assertThat(rows).hasSize(40);
    try (OnnxEncoder encoder = TinyModels.open(model)) {
      float[][] vectors =
          encoder.texts(rows.stream().map(row -> row.get("text").asText()).toList());
      for (int i = 0; i < vectors.length; i++) {
        requireClose(vectors[i], rows.get(i).get(model), rows.get(i).get("text").asText());
      }
    }
  }

  @Test
  void bgeTexts() throws IOException {
    int compared = 0;
    try (BgeTextTower tower = BgeTextTower.load(1)) {
      for (JsonNode row : rows("texts/vectors.jsonl")) {
        if (row.has("bge")) {
          String text = row.get("text").asText();
          requireClose(tower.encode(List.of(text))[0], row.get("bge"), text);
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(15);
  }
}
