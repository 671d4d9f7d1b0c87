package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.ingest.RgbImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
}
