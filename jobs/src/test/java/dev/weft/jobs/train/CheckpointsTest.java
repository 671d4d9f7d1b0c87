package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.store.Snapshot;
import dev.weft.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class CheckpointsTest {
  @TempDir Path root;
  private EncodedTriplets problem;
  private Session session;

  @BeforeEach
  void open() {
    problem = new EncodedTriplets(root);
    session = problem.session();
  }

  private Checkpoints checkpoints(double learningRate) {
    Map<String, Object> settings = Map.of("learningRate", learningRate);
    return new Checkpoints(
        session, new Stage("train", "train/gated", settings, List.of(), List.of(), 1));
  }

  private static Checkpoint state(long step) {
    return new Checkpoint("hash", step, 0, List.of(), new float[] {1, step}, new float[4]);
  }

  private List<Snapshot> stored() {
    return problem.artefact("train/gated/checkpoint").history();
  }

  private static Optional<Long> step(Optional<Checkpoints.Saved> saved) {
    return saved.map(checkpoint -> checkpoint.state().step());
  }

  @Test
  void theNewestIsFoundWithItsPartitions() {
    checkpoints(0.1).save(state(10), 4);
    checkpoints(0.1).save(state(20), 4);

    Checkpoints.Saved saved = checkpoints(0.1).newest().orElseThrow();

    assertThat(saved.state().step()).isEqualTo(20);
    assertThat(saved.state().parameters()).containsExactly(1, 20);
    assertThat(saved.partitions()).isEqualTo(4);
    assertThat(saved.place()).isEqualTo("version 2 of train/gated/checkpoint");
  }

  @Test
  void anotherRunKeyIsAnotherRun() {
    checkpoints(0.1).save(state(10), 1);

    assertThat(checkpoints(0.2).newest()).isEmpty();
    checkpoints(0.2).save(state(5), 1);
    assertThat(step(checkpoints(0.1).newest())).contains(10L);
  }

  @Test
  void aDamagedOneIsReportedAndTheOneBeforeTaken() throws IOException {
    checkpoints(0.1).save(state(10), 1);
    checkpoints(0.1).save(state(20), 1);
    checkpoints(0.1).save(state(30), 1);
    Path parameters = Path.of(stored().get(0).file("params.bin").toUri());
    byte[] bytes = Files.readAllBytes(parameters);
    bytes[20] ^= 1;
    Files.write(parameters, bytes);
    Files.delete(Path.of(stored().get(1).file("state.json").toUri()));

    assertThat(step(checkpoints(0.1).newest())).contains(10L);
    assertThat(problem.said())
        .contains(
            "passing over the checkpoint in version 3 of train/gated/checkpoint: Cannot read",
            "has not the content that was written",
            "passing over the checkpoint in version 2 of train/gated/checkpoint: Cannot read",
            "is gone");
  }

  private enum Damage {
    FLIPPED,
    CUT_SHORT,
    EMPTY
  }

  @ParameterizedTest
  @EnumSource(Damage.class)
  void aDamagedManifestIsReportedAndTheCheckpointBeforeTaken(Damage damage) throws IOException {
    checkpoints(0.1).save(state(10), 1);
    checkpoints(0.1).save(state(20), 1);
    Path manifest =
        root.resolve(
            "train/gated/checkpoint/_versions/" + String.format(Locale.ROOT, "%020d.json", 2));
    byte[] bytes = Files.readAllBytes(manifest);
    bytes[bytes.length - 5] = damage == Damage.FLIPPED ? 1 : bytes[bytes.length - 5];
    int left =
        switch (damage) {
          case FLIPPED -> bytes.length;
          case CUT_SHORT -> bytes.length / 2;
          case EMPTY -> 0;
        };
    Files.write(manifest, Arrays.copyOf(bytes, left));

    Optional<Checkpoints.Saved> saved = checkpoints(0.1).newest();

    assertThat(step(saved)).contains(10L);
    assertThat(problem.said())
        .contains(
            "  passing over the checkpoint in version 2 of train/gated/checkpoint: Cannot read",
            "or remove it to give up that version.");
    checkpoints(0.1).save(state(20), 1); // takes the number after it
    assertThat(step(checkpoints(0.1).newest())).contains(20L);
  }

  @Test
  void onlyAFewStayAndInTheEndTheLast() {
    Checkpoints checkpoints = checkpoints(0.1);
    for (int step = 1; step <= 20; step++) {
      checkpoints.save(state(step), 1);
      assertThat(stored()).hasSizeLessThanOrEqualTo(5);
    }

    checkpoints.supersede();

    assertThat(stored()).hasSize(1);
    assertThat(step(checkpoints.newest())).contains(20L);
    stored().get(0).verify();
  }
}
