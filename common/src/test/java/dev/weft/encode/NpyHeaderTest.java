package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads what {@code scripts/golden/npy.py} wrote. */
class NpyHeaderTest {
  private static byte[] file(String name) throws IOException {
    return Files.readAllBytes(TinyModels.golden("npy").resolve(name + ".npy"));
  }

  @ParameterizedTest
  @CsvSource({"f2, 2.9802322E-6", "f4, 3.0E-6", "f8, 3.0E-6"})
  void readsWhatNumpyWrote(String type, float tiny) throws IOException {
    byte[] bytes = file(type);
    NpyHeader header = NpyHeader.read(new ByteArrayInputStream(bytes));

    assertThat(header.rows()).isEqualTo(2);
    assertThat(header.columns()).isEqualTo(3);
    assertThat(header.at(2)).isEqualTo(bytes.length);
    assertThat(row(header, bytes, 0)).containsExactly(0.5f, -2, tiny);
    assertThat(row(header, bytes, 1)).containsExactly(1, 65504, -0.099975586f);
  }

  private static float[] row(NpyHeader header, byte[] file, int row) {
    return header.vector(Arrays.copyOfRange(file, (int) header.at(row), (int) header.at(row + 1)));
  }

  @Test
  void writesTheVeryBytesOfNumpy() throws IOException {
    byte[] numpy = file("f4");
    NpyHeader header = NpyHeader.read(new ByteArrayInputStream(numpy));

    assertThat(NpyHeader.of(2, 3)).isEqualTo(Arrays.copyOf(numpy, header.bytes()));
  }

  @ParameterizedTest
  @ValueSource(strings = {"fortran", "vector"})
  void refusesOtherShapes(String name) throws IOException {
    byte[] bytes = file(name);

    assertThatThrownBy(() -> NpyHeader.read(new ByteArrayInputStream(bytes)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("a matrix of '<f2', '<f4' or '<f8' in C order");
  }

  @Test
  void refusesWhatIsNoNpy() {
    assertThatThrownBy(() -> NpyHeader.read(new ByteArrayInputStream(new byte[100])))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("it is no .npy file");
    assertThatThrownBy(() -> NpyHeader.read(new ByteArrayInputStream(new byte[3])))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("it ends in its header");
  }
}
