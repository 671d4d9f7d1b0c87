package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ManifestTest {
  private static final Manifest MANIFEST =
      new Manifest(
          "train/gated",
          42,
          "attempt-1",
          Outputs.key("x"),
          Outputs.NOON,
          Outputs.request("x").provenance(),
          Map.of("images", "id STRING NOT NULL COMMENT 'größe'"),
          Map.of("width", 384, "scale", 0.1, "heads", List.of("sum", "gated"), "on", true),
          List.of(
              new FileEntry("attempt-1/images-0.parquet", "images", 10, 2, Outputs.key("a")),
              new FileEntry("attempt-0/params.bin", "", 0, 0, Outputs.key("b"))));

  @Test
  void comesBackEqual() {
    assertThat(Manifest.parse(MANIFEST.toBytes(), "here")).isEqualTo(MANIFEST);
  }

  @Test
  void looksLikeThis() {
    assertThat(new String(MANIFEST.toBytes(), StandardCharsets.UTF_8))
        .startsWith("{\n  \"checksum\" : \"")
        .contains("\"kind\" : \"weft-snapshot\",\n  \"format\" : 1,")
        .contains("\"committed\" : \"2026-03-01T12:00:00Z\"")
        .contains("\"path\" : \"attempt-0/params.bin\"");
  }

  @Test
  void cutAnywhereIsRefused() {
    byte[] whole = MANIFEST.toBytes();
    for (int length = 0; length < whole.length; length++) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> Manifest.parse(cut, "here"))
          .as("%d bytes", length)
          .isInstanceOf(WeftException.class)
          .hasMessageMatching(
              "Cannot read the manifest here: it is (cut short or no JSON|empty or no JSON object)."
                  + " Restore the file from a copy, or remove it to give up that version.");
    }
  }

  @Test
  void anyFlippedBitIsRefused() {
    byte[] whole = MANIFEST.toBytes();
    for (int bit = 0; bit < 8 * whole.length; bit++) {
      byte[] flipped = whole.clone();
      flipped[bit / 8] ^= (byte) (1 << (bit % 8));
      assertThatThrownBy(() -> Manifest.parse(flipped, "here"))
          .as("bit %d", bit)
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.IO))
          .hasMessageStartingWith("Cannot read ");
    }
  }

  @Test
  void anythingAppendedIsRefused() {
    byte[] whole = MANIFEST.toBytes();
    byte[] longer = Arrays.copyOf(whole, whole.length + 1);
    longer[whole.length] = '\n';

    assertThatThrownBy(() -> Manifest.parse(longer, "here"))
        .hasMessageContaining("its checksum does not match its content");
  }

  @Test
  void newerFormatSaysWhatToDo() {
    assertThatThrownBy(() -> Manifest.parse(edited("\"format\" : 1", "\"format\" : 2"), "here"))
        .hasMessage(
            "Cannot read here: it has format 2, and this Weft knows up to format 1. Use the newer"
                + " Weft that wrote it.");
  }

  @Test
  void otherKindSaysWhatItIs() {
    assertThatThrownBy(() -> Manifest.parse(edited("weft-snapshot", "weft-report"), "here"))
        .hasMessage(
            "Cannot read here: it is of the kind 'weft-report', not a manifest of Weft"
                + " ('weft-snapshot'). Check the root.");
    assertThatThrownBy(() -> Manifest.parse("[1]".getBytes(StandardCharsets.UTF_8), "here"))
        .hasMessageContaining("it is empty or no JSON object");
  }

  private static byte[] edited(String from, String to) {
    String text = new String(MANIFEST.toBytes(), StandardCharsets.UTF_8);
    return text.replace(from, to).getBytes(StandardCharsets.UTF_8);
  }
}
