package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.stream.Stream;
import java.util.zip.InflaterInputStream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Files of every kind and what Pillow makes of them, written by scripts/golden/images.py. */
class ImageGoldenTest {
  private static final Path FOLDER = Path.of("src/test/resources/golden/images");

  /** Our libjpeg-turbo is older than Pillow's and repeats rows of this rare sampling. */
  private static final Map<String, Integer> TOLERANCE = Map.of("sampling-440.jpg", 2);

  private final ImageDecoder decoder = new ImageDecoder(new ImageLimits(1_000_000, 100_000, 60));

  static Stream<String> decodable() throws IOException {
    return golden().keySet().stream();
  }

  private static Map<String, RgbImage> golden() throws IOException {
    Map<String, RgbImage> golden = new TreeMap<>();
    JsonNode pixels = new JsonMapper().readTree(FOLDER.resolve("pixels.json").toFile());
    pixels.properties().forEach(entry -> golden.put(entry.getKey(), picture(entry.getValue())));
    return golden;
  }

  private static RgbImage picture(JsonNode json) {
    byte[] compressed = Base64.getDecoder().decode(json.get("rgb").asText());
    try (InflaterInputStream in = new InflaterInputStream(new ByteArrayInputStream(compressed))) {
      return new RgbImage(json.get("width").asInt(), json.get("height").asInt(), in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @ParameterizedTest
  @MethodSource("decodable")
  void givesThePixelsOfPillow(String name) throws IOException, BadImageException {
    RgbImage expected = golden().get(name);

    RgbImage found = decoder.decode(Files.readAllBytes(FOLDER.resolve(name)));

    assertThat(List.of(found.width(), found.height()))
        .isEqualTo(List.of(expected.width(), expected.height()));
    int off = 0;
    int worst = 0;
    for (int i = 0; i < expected.rgb().length; i++) {
      int difference = Math.abs((expected.rgb()[i] & 0xFF) - (found.rgb()[i] & 0xFF));
      off += difference > 0 ? 1 : 0;
      worst = Math.max(worst, difference);
    }
    assertThat(worst)
        .as("levels off in the worst of %d of %d channels", off, expected.rgb().length)
        .isLessThanOrEqualTo(TOLERANCE.getOrDefault(name, 0));
  }

  /** Written by scripts/golden/drafts.py. */
  @Test
  void aDraftGivesThePixelsOfPillowsDraft() throws IOException, BadImageException {
    List<String> lines = Files.readAllLines(FOLDER.resolveSibling("drafts.jsonl"));
    assertThat(lines).hasSizeGreaterThan(100);
    for (String line : lines) {
      JsonNode row = new JsonMapper().readTree(line);
      ImageDecoder draft =
          new ImageDecoder(
              new ImageLimits(1_000_000, 400_000, 60), OptionalInt.of(row.get("side").asInt()));

      RgbImage found =
          draft.decode(Files.readAllBytes(FOLDER.resolveSibling(row.get("file").asText())));

      assertThat(List.of(found.width(), found.height()))
          .as("size of %s", row)
          .isEqualTo(List.of(row.get("size").get(0).asInt(), row.get("size").get(1).asInt()));
      assertThat(DigestUtils.sha256Hex(found.rgb()))
          .as("pixels of %s", row)
          .isEqualTo(row.get("sha256").asText());
    }
  }

  @Test
  void aDraftOfFourInksIsWhole() throws IOException, BadImageException {
    ImageDecoder draft =
        new ImageDecoder(new ImageLimits(1_000_000, 100_000, 60), OptionalInt.of(3));

    RgbImage found = draft.decode(Files.readAllBytes(FOLDER.resolve("cmyk.jpg")));

    assertThat(found.rgb()).isEqualTo(golden().get("cmyk.jpg").rgb());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          picture.avif    | unsupported-image | the file is an AVIF image; images are read from
          picture.jp2     | unsupported-image | the file is a JPEG 2000 image;
          picture.jxl     | unsupported-image | the file is a JPEG XL image;
          picture.ico     | unsupported-image | the file is an icon;
          picture.ppm     | unsupported-image | the file is a PNM image;
          twelve-bits.jpg | unsupported-image | the JPEG file has 12 bits a sample
          """)
  void refusesWithAReason(String name, String reason, String words) throws IOException {
    byte[] bytes = Files.readAllBytes(FOLDER.resolve(name));

    assertThatThrownBy(() -> decoder.decode(bytes))
        .isInstanceOfSatisfying(
            BadImageException.class, e -> assertThat(e.reason().label()).isEqualTo(reason))
        .hasMessageStartingWith(words);
  }

  @Test
  void everyGoldenFileIsInATest() throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      assertThat(files.count()).isEqualTo(golden().size() + 6 + 1);
    }
  }
}
