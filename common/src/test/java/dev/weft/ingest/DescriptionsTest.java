package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DescriptionsTest {
  @TempDir Path temp;

  @Test
  void readsLinesAndQuarantinesBadOnes() {
    DataFolder data = new DataFolder(temp);
    data.write(
        "d.jsonl",
        "{\"category\": \"dress\", \"image\": \"a\", \"text\": \"a red dress\"}",
        "{\"image\": \"b.png\", \"text\": \"a cat\"}",
        "{\"image\": \"b\", \"text\": \"two cats\"}",
        "{\"image\": \"c\", \"text\": \"\"}",
        "nonsense");

    Descriptions descriptions =
        Descriptions.read(
            new Configuration(),
            new DataSource("tiny", Layout.CIRCO, temp.toString(), "", temp + "/d.jsonl"));

    assertThat(descriptions.texts())
        .containsExactly(
            Map.entry(new ImageKey("tiny", "dress", "a"), "a red dress"),
            Map.entry(new ImageKey("tiny", "", "b"), "a cat"));
    assertThat(data.shown(descriptions.quarantined()))
        .hasSize(3)
        .startsWith(
            "duplicate d.jsonl, line 3: image b is described a second time",
            "empty-caption d.jsonl, line 4: text is blank")
        .last()
        .asString()
        .startsWith("not-json d.jsonl, line 5: the line is no JSON");
  }

  @Test
  void noFileIsNoDescriptions() {
    DataSource source = new DataFolder(temp).source("tiny", Layout.CIRCO);

    assertThat(Descriptions.read(new Configuration(), source).texts()).isEmpty();
  }
}
