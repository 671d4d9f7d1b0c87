package dev.weft.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.config.Binder;
import dev.weft.config.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The shipped configuration files, held against the records that read them. */
class DefaultsTest {
  private static final Path CONF = Path.of("..", "conf");

  @Test
  void defaultsHaveExactlyTheKeysOfTheRecords() {
    assertThat(PipelineConfig.defaults().keys())
        .containsExactlyInAnyOrderElementsOf(Binder.keysOf(PipelineConfig.class));
  }

  @Test
  void everyDefaultHasACommentAboveIt() throws IOException {
    List<String> bare = new ArrayList<>();
    boolean explained = false;
    for (String line : Files.readAllLines(CONF.resolve("defaults.yaml"))) {
      if (line.strip().startsWith("#")) {
        explained = true;
      } else if (line.isBlank()) {
        explained = false;
      } else if (!line.strip().endsWith(":") && !explained) {
        bare.add(line); // a comment holds for all keys until the next blank line or section
      }
    }
    assertThat(bare).isEmpty();
  }

  @ParameterizedTest
  @MethodSource("shipped")
  void everyShippedFileBinds(Path file) throws IOException {
    Settings settings =
        PipelineConfig.defaults()
            .overriddenBy(Settings.parse(Files.readString(file), file.toString()));

    assertThat(PipelineConfig.bind(settings, file.toString()).root()).isNotBlank();
  }

  static Stream<Path> shipped() throws IOException {
    try (Stream<Path> files = Files.list(CONF)) {
      return files.filter(file -> file.toString().endsWith(".yaml")).sorted().toList().stream();
    }
  }
}
