package dev.weft.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class QueryFileTest {
  private static List<Query> read(byte[] bytes) throws IOException {
    return QueryFile.read(new ByteArrayInputStream(bytes), "q.jsonl");
  }

  private static List<Query> read(String text) throws IOException {
    return read(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void everyKindOfQueryIsRead() throws IOException {
    List<Query> queries =
        read(
            """
            \uFEFF{"id": "q1", "image": "coat.jpg", "text": "in red"}\r

            {"image_id": "0012", "text": null}
            {"id": 7, "text": "ein Kleid in grün"}""");

    assertThat(queries)
        .containsExactly(
            new Query("q1", Optional.of("coat.jpg"), Optional.empty(), Optional.of("in red")),
            new Query("1", Optional.empty(), Optional.of("0012"), Optional.empty()),
            new Query("7", Optional.empty(), Optional.empty(), Optional.of("ein Kleid in grün")));
    assertThat(queries)
        .extracting(Query::kind)
        .containsExactly(Query.Kind.COMPOSED, Query.Kind.IMAGE, Query.Kind.TEXT);
  }

  @Test
  void everyBadLineIsNamed() {
    String text =
        """
        {"text": "fine"}
        {"text": "cut off
        ["text"]
        {"texts": "x"}
        {"text": 3}
        {"text": "  "}
        {"image": "a.png", "image_id": "a"}
        {"id": "9"}
        {"id": "0", "text": "again"}
        {"text": "a"} {"text": "b"}
        """;

    assertThatThrownBy(() -> read(text))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.BAD_ROWS))
        .hasMessageStartingWith(
            "Cannot search for the queries of q.jsonl: 9 of its lines are wrong.")
        .hasMessageContaining("- line 2: it is not valid JSON: ")
        .hasMessageContaining("- line 3: it is not a JSON object")
        .hasMessageContaining(
            "- line 4: 'texts' is not a known key; there are id, image, image_id, text")
        .hasMessageContaining("- line 5: 'text' must be a text that is not blank, found 3")
        .hasMessageContaining("- line 6: 'text' must be a text that is not blank, found \"  \"")
        .hasMessageContaining("- line 7: it has both an image file and an image id; give one")
        .hasMessageContaining("- line 8: it has neither an image nor a text; give one or both")
        .hasMessageContaining("- line 9: the id '0' is that of line 1 already")
        .hasMessageContaining("- line 10: it is not valid JSON: ")
        .hasMessageEndingWith(
            "Each line is one object with the keys id, image or image_id, and text.");
  }

  @Test
  void invalidCharactersSpoilTheirLineOnly() {
    byte[] bytes = "{\"text\": \"fine\"}\n{\"text\": \"gr?n\"}\n".getBytes(StandardCharsets.UTF_8);
    bytes[bytes.length - 5] = (byte) 0xFC; // Latin-1

    assertThatThrownBy(() -> read(bytes))
        .hasMessageContaining("1 of its lines is wrong")
        .hasMessageContaining("- line 2: it is not valid UTF-8");
  }

  @Test
  void manyBadLinesAreCounted() {
    assertThatThrownBy(() -> read("[]\n".repeat(25)))
        .hasMessageContaining("25 of its lines are wrong")
        .hasMessageContaining("- line 10: ")
        .hasMessageContaining("- and 15 more");
  }

  @Test
  void anEmptyFileIsRefused() {
    assertThatThrownBy(() -> read("\n\n"))
        .hasMessageContaining("Cannot search for the queries of q.jsonl: it has none");
  }
}
