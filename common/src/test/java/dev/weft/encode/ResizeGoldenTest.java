package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.weft.ingest.RgbImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.junit.jupiter.api.Test;

/** Reads what {@code scripts/golden/resize.py} wrote. */
class ResizeGoldenTest {
  private static final Pattern NAME =
      Pattern.compile("(\\d+)x(\\d+)-to-(\\d+)x(\\d+)-(\\w+)\\.bin");

  @Test
  void everyByteIsPillows() throws Exception {
    Path folder = Path.of(ResizeGoldenTest.class.getResource("/golden/resize").toURI());
    List<Path> files;
    try (Stream<Path> listed = Files.list(folder)) {
      files = listed.sorted().toList();
    }
    assertThat(files).hasSize(16);
    for (Path file : files) {
      Matcher name = NAME.matcher(file.getFileName().toString());
      assertThat(name.matches()).as("name of %s", file).isTrue();
      int width = Integer.parseInt(name.group(1));
      int height = Integer.parseInt(name.group(2));
      byte[] both = Files.readAllBytes(file);
      byte[] before = Arrays.copyOf(both, 3 * width * height);
      byte[] after = Arrays.copyOfRange(both, before.length, both.length);

      RgbImage resized =
          Resize.to(
              new RgbImage(width, height, before),
              Integer.parseInt(name.group(3)),
              Integer.parseInt(name.group(4)),
              Resample.valueOf(name.group(5).toUpperCase(Locale.ROOT)));

      assertThat(Arrays.mismatch(resized.rgb(), after))
          .as("first other byte of %s", file.getFileName())
          .isEqualTo(-1);
    }
  }

  @Test
  void everyByteIsPillowsForManySizes() throws Exception {
    List<String> lines =
        Files.readAllLines(
            Path.of(ResizeGoldenTest.class.getResource("/golden/resize.jsonl").toURI()));
    assertThat(lines).hasSize(120);
    for (String line : lines) {
      JsonNode row = new ObjectMapper().readTree(line);
      RgbImage before =
          noise(
              row.get("from").get(0).asInt(),
              row.get("from").get(1).asInt(),
              row.get("seed").asLong());
      for (Resample kernel : Resample.values()) {
        RgbImage after =
            Resize.to(before, row.get("to").get(0).asInt(), row.get("to").get(1).asInt(), kernel);

        assertThat(DigestUtils.sha256Hex(after.rgb()))
            .as("%s of %s", kernel, row)
            .isEqualTo(row.get(kernel.name().toLowerCase(Locale.ROOT)).asText());
      }
    }
  }

  /** The picture that the script drew. */
  private static RgbImage noise(int width, int height, long seed) {
    byte[] rgb = new byte[3 * width * height];
    for (int at = 0; at < rgb.length; at++) {
      long value = (at * 2654435761L + seed * 40503) & 0xFFFFFFFFL;
      value ^= value >>> 15;
      value = (value * 2246822519L) & 0xFFFFFFFFL;
      value ^= value >>> 13;
      int sample = (int) (value & 0xFF);
      int pixel = at / 3;
      boolean hard = (pixel % width / 5 + pixel / width / 7) % 3 == 0;
      rgb[at] = (byte) (hard ? (sample < 128 ? 0 : 255) : sample);
    }
    return new RgbImage(width, height, rgb);
  }
}
