package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class VectorBytesTest {
  @Test
  void oneIsLittleEndian() {
    assertThat(VectorBytes.encode(new float[] {1f, -2f}))
        .containsExactly(0, 0, 0x80, 0x3f, 0, 0, 0, 0xc0);
  }

  @Test
  void cutBytesAreRefused() {
    assertThatThrownBy(() -> VectorBytes.decode(new byte[7]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot read a vector of 7 bytes: a float32 vector has a multiple of four.");
  }
}
