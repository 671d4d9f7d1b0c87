package dev.weft;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MarkedSectionTest {
  @TempDir private Path folder;

  private Path document(String content) throws IOException {
    return Files.writeString(folder.resolve("README.md"), content);
  }

  @Test
  void theTextReplacesWhatStandsBetweenTheMarks() throws IOException {
    Path document = document("a\n<!-- step -->\nold\n<!-- /step -->\nb\n");

    MarkedSection.replace(document, "step", "new\n");

    assertThat(document).hasContent("a\n<!-- step -->\nnew\n<!-- /step -->\nb\n");
  }

  @Test
  void aDocumentWithoutMarksIsLeftAlone() throws IOException {
    Path document = document("a\n<!-- step -->\n");

    assertThatThrownBy(() -> MarkedSection.replace(document, "step", "new\n"))
        .hasMessageContaining("it lacks the lines '<!-- step -->' and '<!-- /step -->'");
    assertThat(document).hasContent("a\n<!-- step -->\n");
  }

  @Test
  void aDocumentThatIsNotThereIsNamed() {
    Path document = folder.resolve("none.md");

    assertThatThrownBy(() -> MarkedSection.replace(document, "step", "new\n"))
        .hasMessageStartingWith("Cannot read " + document + ": ");
  }
}
