package dev.weft.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.WeftException;
import dev.weft.compute.NativeBackend;
import dev.weft.compute.VectorFile;
import dev.weft.train.HeadArchitecture.Combiner;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Gated;
import dev.weft.train.HeadArchitecture.Mix;
import dev.weft.train.HeadArchitecture.Sum;
import dev.weft.train.HeadArchitecture.Weighted;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The formats of checkpoint and head, in both directions. */
class StoredFormatsTest {
  // "WEFTVEC1", count, numbers: written by hand from data-schemas/head-bundle.md.
  private static final String HEADER = "5745465456454331";
  private static final String PARAMETERS =
      HEADER + "0500000000000000" + "0000803f" + "000000c0" + "0000003f" + "00000000" + "0000803e";

  @BeforeAll
  static void startEngine() {
    NativeBackend.load();
  }

  static Stream<HeadBundle> bundles() {
    return Stream.of(
        new HeadBundle(new Sum(4), "starter-1", 20, new float[0]),
        new HeadBundle(new Weighted(4, 0.35, Mix.SLERP), "starter-1", 20, new float[0]),
        new HeadBundle(new Gated(2, Gate.SCALAR), "starter-1", 20, floats()),
        new HeadBundle(new Gated(2, Gate.VECTOR), "starter-1", 12.5, new float[10]),
        new HeadBundle(new Combiner(2, 3, 4, 0.5), "starter-1", 100, new float[89]));
  }

  @Test
  void aHeadIsWrittenAsItsFormatSays() {
    Map<String, byte[]> files = gated().files();

    assertThat(files).containsOnlyKeys("head.json", "params.bin");
    assertThat(HexFormat.of().formatHex(files.get("params.bin"))).isEqualTo(PARAMETERS);
    assertThat(new String(files.get("head.json"), StandardCharsets.UTF_8))
        .isEqualTo(golden("head.json"));
  }

  @Test
  void aHeadOfTheFirstFormatIsRead() {
    HeadBundle bundle =
        HeadBundle.of(
            Map.of(
                "head.json", golden("head.json").getBytes(StandardCharsets.UTF_8),
                "params.bin", HexFormat.of().parseHex(PARAMETERS)));

    assertThat(bundle.architecture()).isEqualTo(new Gated(2, Gate.SCALAR));
    assertThat(bundle.parameters()).isEqualTo(floats());
    assertThat(bundle.encoder()).isEqualTo("starter-1");
    assertThat(bundle.logitScale()).isEqualTo(20);
  }

  @Test
  void aCheckpointIsWrittenAsItsFormatSaysAndRead() {
    Map<String, byte[]> files = checkpoint().files();

    assertThat(files).containsOnlyKeys("state.json", "params.bin", "adam.bin");
    assertThat(new String(files.get("state.json"), StandardCharsets.UTF_8))
        .isEqualTo(golden("state-2.json"));
    Map<String, byte[]> stored = new HashMap<>(files);
    stored.put("state.json", golden("state-2.json").getBytes(StandardCharsets.UTF_8));
    Checkpoint read = Checkpoint.of(stored);
    assertThat(read.step()).isEqualTo(7);
    assertThat(read.epochLossSum()).isEqualTo(0.1);
    assertThat(read.history()).isEqualTo(checkpoint().history());
    assertThat(read.parameters()).isEqualTo(floats());
    assertThat(read.files().get("adam.bin")).isEqualTo(files.get("adam.bin"));
  }

  @Test
  void aCheckpointOfTheFirstFormatIsRead() {
    Map<String, byte[]> stored = new HashMap<>(checkpoint().files());
    stored.put("state.json", golden("state.json").getBytes(StandardCharsets.UTF_8));

    Checkpoint read = Checkpoint.of(stored);

    assertThat(read.step()).isEqualTo(7);
    assertThat(read.scores()).isEmpty();
    assertThat(read.best()).isEmpty();
    assertThat(read.files().get("state.json")).isEqualTo(checkpoint().files().get("state.json"));
  }

  @Test
  void theBestStateIsAFileOfItsOwn() {
    Checkpoint state =
        new Checkpoint(
            "abc",
            7,
            0.1,
            List.of(),
            floats(),
            new float[10],
            List.of(new EpochScore(0, 0.25), new EpochScore(1, 0.25), new EpochScore(2, 0.1)),
            new float[] {5, 4, 3, 2, 1});
    Map<String, byte[]> files = new HashMap<>(state.files());

    Checkpoint read = Checkpoint.of(files);
    assertThat(read.scores()).isEqualTo(state.scores());
    assertThat(read.best()).isEqualTo(state.best());
    assertThat(read.bestScore()).contains(new EpochScore(0, 0.25));
    assertThat(read.chosen().parameters()).isEqualTo(state.best());
    files.get("best.bin")[20] ^= 1;
    assertThatThrownBy(() -> Checkpoint.of(files))
        .hasMessageContaining("Cannot resume from this checkpoint: the SHA-256 of best.bin is ");
    files.remove("best.bin");
    assertThatThrownBy(() -> Checkpoint.of(files))
        .hasMessageContaining("Cannot resume from this checkpoint: best.bin is missing");
  }

  @ParameterizedTest
  @MethodSource("bundles")
  void everyHeadComesBackAsItWas(HeadBundle bundle) {
    HeadBundle read = HeadBundle.of(bundle.files());

    assertThat(read.architecture()).isEqualTo(bundle.architecture());
    assertThat(read.head().architecture()).isEqualTo(bundle.architecture());
    bundle.files().forEach((name, bytes) -> assertThat(read.files().get(name)).isEqualTo(bytes));
  }

  @Test
  void aDamagedHeadIsRefused() {
    assertThatThrownBy(() -> HeadBundle.of(with("params.bin", new byte[40])))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot load the head: the SHA-256 of params.bin is ");
    assertThatThrownBy(() -> HeadBundle.of(Map.of("head.json", new byte[0])))
        .hasMessageContaining("Cannot load the head: params.bin is missing");
    assertThatThrownBy(() -> HeadBundle.of(replaced("\"format\" : 1", "\"format\" : 2")))
        .hasMessageContaining("it has format 2 and this version of Weft reads 1");
    assertThatThrownBy(() -> HeadBundle.of(replaced("\"gated\"", "\"film\"")))
        .hasMessageContaining("its kind is 'film', which this version of Weft does not know");
    assertThatThrownBy(() -> HeadBundle.of(replaced("\"dimension\" : 2", "\"dimension\" : 3")))
        .hasMessageContaining("params.bin has 5 numbers, but a gated head of these sizes has 7");
  }

  @Test
  void aDamagedCheckpointIsRefused() {
    Map<String, byte[]> files = new HashMap<>(checkpoint().files());
    files.get("adam.bin")[20] ^= 1;
    assertThatThrownBy(() -> Checkpoint.of(files))
        .hasMessageContaining("Cannot resume from this checkpoint: the SHA-256 of adam.bin is ");
    files.remove("params.bin");
    assertThatThrownBy(() -> Checkpoint.of(files))
        .hasMessageContaining("Cannot resume from this checkpoint: params.bin is missing");
  }

  @Test
  void aVectorFileOfAnotherLengthOrKindIsRefused() {
    byte[] file = HexFormat.of().parseHex(PARAMETERS);

    assertThatThrownBy(() -> VectorFile.read("params.bin", java.util.Arrays.copyOf(file, 33)))
        .hasMessageContaining("Cannot read params.bin: it announces 5 numbers but has 17 bytes");
    assertThatThrownBy(() -> VectorFile.read("params.bin", new byte[36]))
        .hasMessageContaining("Cannot read params.bin: it does not start with WEFTVEC1");
  }

  private static float[] floats() {
    return new float[] {1, -2, 0.5f, 0, 0.25f};
  }

  private static HeadBundle gated() {
    return new HeadBundle(new Gated(2, Gate.SCALAR), "starter-1", 20, floats());
  }

  private static Checkpoint checkpoint() {
    return new Checkpoint(
        "abc", 7, 0.1, List.of(new EpochLoss(0, 3.25, 20)), floats(), new float[10]);
  }

  private static Map<String, byte[]> with(String name, byte[] bytes) {
    Map<String, byte[]> files = new HashMap<>(gated().files());
    files.put(name, bytes);
    return files;
  }

  private static Map<String, byte[]> replaced(String old, String by) {
    String json = golden("head.json");
    assertThat(json).contains(old);
    return with("head.json", json.replace(old, by).getBytes(StandardCharsets.UTF_8));
  }

  private static String golden(String name) {
    try (InputStream file = StoredFormatsTest.class.getResourceAsStream("/golden/train/" + name)) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
