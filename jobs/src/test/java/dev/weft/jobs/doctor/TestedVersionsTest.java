package dev.weft.jobs.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TestedVersionsTest {
  private static final Pattern PASSED =
      Pattern.compile(
          "(?m)^\\| (\\d+\\.\\d+)\\.\\S+ \\| 17\\S* \\| yes \\| \\d+ passed \\| done \\|");

  @Test
  void doctorAcceptsWhatPassedInTheTableOfVersions() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "deploy.md"));

    Set<String> passed =
        PASSED.matcher(page).results().map(row -> row.group(1)).collect(Collectors.toSet());

    assertThat(ProcessChecks.SPARK).containsExactlyInAnyOrderElementsOf(passed);
  }
}
