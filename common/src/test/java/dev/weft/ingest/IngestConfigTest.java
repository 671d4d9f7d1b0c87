package dev.weft.ingest;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.config.ConfigException;
import java.util.List;
import org.junit.jupiter.api.Test;

class IngestConfigTest {

  @Test
  void reportsEveryBrokenRule() {
    DataSource source = new DataSource("a", Layout.CIRCO, "x", "", "");

    assertThatThrownBy(
            () -> new IngestConfig(List.of(source, source), ImageMode.READ, 1.5, 0, -1, 0, 0))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("ingest.datasets must give each data set a name of its own")
        .hasMessageContaining("ingest.max-bad-fraction must be between 0 and 1, found '1.5'")
        .hasMessageContaining("ingest.max-image-bytes must be at least 1")
        .hasMessageContaining("ingest.max-image-pixels must be at least 1")
        .hasMessageContaining("ingest.image-timeout-seconds must be at least 1, found '0'")
        .hasMessageContaining("ingest.shards must be at least 1, found '0'");
  }

  @Test
  void aDataSetNeedsANameAndAnnotations() {
    assertThatThrownBy(() -> new DataSource("../a", Layout.CIRCO, " ", "", ""))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("ingest.datasets.name must be 1 to 64 letters")
        .hasMessageContaining("ingest.datasets.annotations must name a folder or a file");
  }
}
