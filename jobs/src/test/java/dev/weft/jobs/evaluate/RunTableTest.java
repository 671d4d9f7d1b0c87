package dev.weft.jobs.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunTableTest {
  @TempDir private Path folder;

  private Path log(String... lines) throws IOException {
    return Files.write(folder.resolve("log"), List.of(lines));
  }

  @Test
  void meanAndStandardErrorOfSeveralRunsReplaceTheOldTable() throws IOException {
    Path log =
        log(
            "some words",
            "RESULT {\"metrics\":{\"sum\":{\"R@10\":0.5},\"gated\":{\"R@10\":0.8}}}",
            "RESULT {\"metrics\":{\"sum\":{\"R@10\":0.5},\"gated\":{\"R@10\":0.9}}}");
    Path readme =
        Files.writeString(
            folder.resolve("README.md"), "a\n<!-- results -->\nold\n<!-- /results -->\nb\n");

    RunTable.writeInto(readme, RunTable.of(log, List.of("R@10", "R@1")));

    assertThat(Files.readString(readme))
        .startsWith("a\n<!-- results -->\n| head | R@10 | R@1 |\n")
        .contains("| sum | 50.00 ± 0.00 | - |", "| gated | **85.00 ± 5.00** | - |")
        .contains("2 runs, mean ± standard error of the mean")
        .endsWith("<!-- /results -->\nb\n")
        .doesNotContain("old");
  }

  @Test
  void aLogWithoutResultsIsRefused() throws IOException {
    Path log = log("nothing");

    assertThatThrownBy(() -> RunTable.of(log, List.of("R@10")))
        .hasMessageContaining("it has no RESULT line with metrics");
  }

  @Test
  void aDocumentWithoutMarksIsLeftAlone() throws IOException {
    Path log = log("RESULT {\"metrics\":{\"sum\":{\"R@10\":0.5}}}");
    Path readme = Files.writeString(folder.resolve("README.md"), "a\n");

    assertThatThrownBy(() -> RunTable.writeInto(readme, RunTable.of(log, List.of("R@10"))))
        .hasMessageContaining("it lacks the lines '<!-- results -->'");
    assertThat(readme).hasContent("a");
  }
}
