package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.Snapshot;
import dev.weft.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What goes wrong in the middle of a run, and what is left of it. */
class TrainFaultTest {
  private static final int TRIPLETS = 150;
  private static final int BATCH = 32;
  private static final int STEPS = 5; // of an epoch
  private static final String CHECKPOINTS = "train/gated/checkpoint";
  private static final String[] SETTINGS = {
    "train.heads=[gated]",
    "train.epochs=2",
    "train.batch-size=" + BATCH,
    "train.partitions=2",
    "train.checkpoint-steps=1"
  };

  @TempDir static Path shared;
  private static EncodedTriplets original;

  @TempDir Path root;
  private EncodedTriplets problem;

  @BeforeAll
  static void write() {
    original = EncodedTriplets.written(shared, TRIPLETS);
  }

  @BeforeEach
  void copy() {
    problem = original.copy(root);
  }

  /** Stops a run in the middle; returns the number of its last checkpoint, which is its step. */
  private long stopped() {
    assertThatThrownBy(() -> TrainJob.run(problem.timed(AtLook.stop(30), SETTINGS)))
        .hasMessage("stopped");
    long newest = problem.artefact(CHECKPOINTS).require().version();
    assertThat(newest).isBetween(3L, 9L);
    return newest;
  }

  private byte[] undisturbed() {
    EncodedTriplets copy = original.copy(root.resolve("undisturbed"));
    TrainJob.run(copy.session(SETTINGS));
    return parameters(copy);
  }

  /** A checkpoint like the last one but for one parameter. */
  private void plant(float parameter) {
    Artefact checkpoints = problem.artefact(CHECKPOINTS);
    Snapshot last = checkpoints.require();
    Map<String, byte[]> files = new TreeMap<>();
    last.manifest().files().forEach(file -> files.put(file.name(), last.read(file.name())));
    Checkpoint state = Checkpoint.of(files);
    float[] parameters = state.parameters().clone();
    parameters[0] = parameter;
    Attempt attempt = checkpoints.begin("planted");
    new Checkpoint(
            state.configHash(),
            state.step(),
            state.epochLossSum(),
            state.history(),
            parameters,
            state.updater())
        .files()
        .forEach(attempt::write);
    attempt.commit(
        new CommitRequest(
            last.manifest().runKey(),
            last.manifest().provenance(),
            Map.of(),
            last.manifest().facts(),
            Instant.now()));
  }

  @Test
  void aStepThatGivesNoNumberIsNamedWithItsRowsAndKeepsNothing() throws IOException {
    byte[] undisturbed = undisturbed();
    long step = stopped();
    plant(Float.NaN);

    assertThatThrownBy(() -> TrainJob.run(problem.session(SETTINGS)))
        .hasMessageMatching(
            "Cannot go on training the gated head: in step "
                + step
                + " \\(epoch "
                + step / STEPS
                + "\\) the loss is NaN and the length of the gradient NaN\\. (\\d\\d) of its \\1"
                + " triplets give it: (codes/(round|square)/\\d+, ){4}codes/(round|square)/\\d+ and"
                + " more\\. Lower train\\.learning-rate \\(\\S+\\) or train\\.logit-scale .*"
                + " checkpoints of the steps before are still there\\.")
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG));

    assertThat(problem.artefact(CHECKPOINTS).require().version()).isEqualTo(step + 1);
    Files.delete(manifest(step + 1)); // the one that was planted
    TrainJob.run(problem.session(SETTINGS));
    assertThat(problem.said()).contains("; goes on after step " + step + ", from version " + step);
    assertThat(parameters(problem)).isEqualTo(undisturbed);
  }

  @Test
  void aRunWhoseNewestCheckpointsAreDamagedGoesOnFromTheOneBefore() throws IOException {
    byte[] undisturbed = undisturbed();
    long newest = stopped();
    Files.write(manifest(newest), Arrays.copyOf(Files.readAllBytes(manifest(newest)), 100));
    Snapshot second = problem.artefact(CHECKPOINTS).at(newest - 1).orElseThrow();
    Files.delete(Path.of(second.file("params.bin").toUri()));

    TrainJob.run(problem.session(SETTINGS));

    assertThat(problem.said())
        .contains(
            "passing over the checkpoint in version " + newest + " of " + CHECKPOINTS + ": ",
            "passing over the checkpoint in version " + (newest - 1) + " of " + CHECKPOINTS + ": ",
            "; goes on after step " + (newest - 2) + ", from version " + (newest - 2) + " of ");
    assertThat(parameters(problem)).isEqualTo(undisturbed);
  }

  private static byte[] parameters(EncodedTriplets of) {
    return of.artefact("train/gated").require().read("params.bin");
  }

  private Path manifest(long version) {
    return root.resolve(
        CHECKPOINTS + "/_versions/" + String.format(Locale.ROOT, "%020d.json", version));
  }
}
