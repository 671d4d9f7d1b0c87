package dev.weft.compute;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class VectorFileTest {
  /** "WEFTVEC1", two numbers: 1.5 and -2. */
  private static final byte[] GOLDEN =
      HexFormat.of().parseHex("5745465456454331" + "0200000000000000" + "0000c03f" + "000000c0");

  @Test
  void writesAndReadsTheDocumentedBytes() {
    assertThat(VectorFile.write(new float[] {1.5f, -2})).isEqualTo(GOLDEN);
    assertThat(VectorFile.read("here", GOLDEN)).containsExactly(1.5f, -2);
  }

  @Test
  void refusesWhatIsTruncatedOrSomethingElse() {
    assertThatThrownBy(() -> VectorFile.read("a.bin", Arrays.copyOf(GOLDEN, 22)))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot read a.bin: it announces 2 numbers but has 6 bytes of them");
    assertThatThrownBy(() -> VectorFile.read("a.bin", new byte[30]))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot read a.bin: it does not start with WEFTVEC1");
  }
}
