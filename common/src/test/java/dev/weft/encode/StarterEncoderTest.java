package dev.weft.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.RgbImage;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class StarterEncoderTest {
  private static final PatchShape SHAPE = new PatchShape(16, 8, 6, 12, 5);
  private static final List<String> TEXTS = List.of("is red", "a long blue dress");

  private static BgeTextTower tower;

  @BeforeAll
  static void load() {
    tower = BgeTextTower.load(1);
  }

  @AfterAll
  static void close() {
    tower.close();
  }

  @Test
  void aLoadedBundleGivesTheSameVectors() {
    StarterEncoder saved = encoder(1);
    StarterEncoder loaded = StarterEncoder.load("here", saved.save()::get, tower);

    assertThat(loaded.fingerprint()).isEqualTo(saved.fingerprint()).hasSize(64);
    assertThat(loaded.images(images(3))).isDeepEqualTo(saved.images(images(3)));
    assertThat(loaded.texts(TEXTS)).isDeepEqualTo(saved.texts(TEXTS));
    assertThat(loaded.save().get("encoder.json")).isEqualTo(saved.save().get("encoder.json"));
  }

  @Test
  void theFingerprintFollowsTheWeights() {
    assertThat(encoder(1).fingerprint()).isNotEqualTo(encoder(2).fingerprint());
  }

  @Test
  void aVectorDoesNotDependOnTheOthersInTheCall() {
    StarterEncoder encoder = encoder(1);
    float[][] together = encoder.images(images(70));

    for (int i : new int[] {0, 7, 69}) {
      float[] alone = encoder.images(images(70).subList(i, i + 1))[0];
      assertThat(alone).isEqualTo(together[i]);
      assertThat(length(alone)).isCloseTo(1, within(1e-6));
    }
    assertThat(length(encoder.texts(TEXTS)[1])).isCloseTo(1, within(1e-6));
    assertThat(encoder.texts(TEXTS.subList(1, 2))[0]).isEqualTo(encoder.texts(TEXTS)[1]);
  }

  @Test
  void refusesADamagedBundle() {
    Map<String, byte[]> files = copy(encoder(1));
    files.get("image.bin")[40] ^= 1;

    assertThatThrownBy(() -> StarterEncoder.load("hdfs:///e", files::get, tower))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot load the encoder in hdfs:///e: image.bin has the hash")
        .hasMessageContaining("run the align stage again");
  }

  @Test
  void refusesAnotherTextTower() {
    Map<String, byte[]> files = copy(encoder(1));
    files.put(
        "encoder.json",
        new String(files.get("encoder.json"), StandardCharsets.UTF_8)
            .replace(tower.fingerprint(), "0".repeat(64))
            .getBytes(StandardCharsets.UTF_8));

    assertThatThrownBy(() -> StarterEncoder.load("here", files::get, tower))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.RESOURCE_MISSING))
        .hasMessageContaining("it was trained on the text tower 0000")
        .hasMessageContaining("this program has " + tower.fingerprint());
  }

  @Test
  void refusesAnotherKindOrFormat() {
    Map<String, byte[]> files = copy(encoder(1));
    files.put(
        "encoder.json",
        new String(files.get("encoder.json"), StandardCharsets.UTF_8)
            .replace("\"format\" : 1", "\"format\" : 2")
            .getBytes(StandardCharsets.UTF_8));

    assertThatThrownBy(() -> StarterEncoder.load("here", files::get, tower))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("it is of kind 'starter', format 2");
    files.put("encoder.json", new byte[] {'{'});
    assertThatThrownBy(() -> StarterEncoder.load("here", files::get, tower))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("its encoder.json is damaged or of another version");
  }

  private static Map<String, byte[]> copy(StarterEncoder encoder) {
    Map<String, byte[]> files = new HashMap<>();
    encoder.save().forEach((name, bytes) -> files.put(name, bytes.clone()));
    return files;
  }

  private static StarterEncoder encoder(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return new StarterEncoder(
        SHAPE,
        new Preprocessing(
            16, Resample.BICUBIC, Fit.TARGET_PAD, List.of(.5, .5, .5), List.of(.5, .5, .5)),
        random(random, SHAPE.parameterCount()),
        new Projection(5, random(random, 384 * 5)),
        tower);
  }

  private static float[] random(SplittableRandom random, int count) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextDouble() - 0.5f;
    }
    return values;
  }

  private static List<RgbImage> images(int count) {
    SplittableRandom random = new SplittableRandom(3);
    List<RgbImage> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] rgb = new byte[3 * 20 * 30];
      random.nextBytes(rgb);
      images.add(new RgbImage(20, 30, rgb));
    }
    return images;
  }

  private static double length(float[] vector) {
    double squares = 0;
    for (float value : vector) {
      squares += (double) value * value;
    }
    return Math.sqrt(squares);
  }
}
