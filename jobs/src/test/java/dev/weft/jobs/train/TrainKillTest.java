package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.store.Artefact;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command in a process of its own, killed with no chance to clean up. */
class TrainKillTest {
  private static final Duration PATIENCE = Duration.ofMinutes(5);
  private static final String[] SETTINGS = {
    "train.heads=[gated, combiner]",
    "train.epochs=12",
    "train.batch-size=64",
    "train.partitions=2",
    "train.checkpoint-steps=10"
  };

  @TempDir Path folder;

  @Test
  void killedInTheMiddleOfEachHeadTheSameCommandEndsInTheSameBytes()
      throws IOException, InterruptedException {
    EncodedTriplets undisturbed = EncodedTriplets.written(folder.resolve("undisturbed"), 400);
    Path root = folder.resolve("killed");
    EncodedTriplets killed = undisturbed.copy(root);

    killWhen(() -> versions(killed, "gated/checkpoint") >= 1, root);
    assertThat(killed.artefact("train/gated").latest()).isEmpty();
    killed.artefact("train/gated/checkpoint").require().verify();

    killWhen(() -> versions(killed, "combiner/checkpoint") >= 3, root);
    assertThat(killed.artefact("train/combiner").latest()).isEmpty();

    TrainJob.run(killed.session(SETTINGS));
    assertThat(killed.said()).contains("train combiner", "; goes on after step");
    assertThat(killed.said()).doesNotContain("train gated");

    TrainJob.run(undisturbed.session(SETTINGS));
    for (String head : List.of("gated", "combiner")) {
      assertThat(parameters(killed, head)).isEqualTo(parameters(undisturbed, head));
    }

    // Without a master Spark could not even open.
    Process again = start(root);
    assertThat(again.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(folder.resolve("out")))
        .startsWith("RESULT {\"stage\":\"train\",\"status\":\"up to date\",\"seconds\":");
  }

  private static byte[] parameters(EncodedTriplets problem, String head) {
    return problem.artefact("train/" + head).require().read("params.bin");
  }

  private static long versions(EncodedTriplets problem, String artefact) {
    Artefact checkpoints = problem.artefact("train/" + artefact);
    return checkpoints.latest().map(Snapshot::version).orElse(0L);
  }

  private void killWhen(BooleanSupplier condition, Path root)
      throws IOException, InterruptedException {
    Process process =
        start(
            root,
            "-Dspark.master=local[2]",
            "-Dspark.ui.enabled=false",
            "-Dspark.driver.host=localhost");
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try {
      while (!condition.getAsBoolean()) {
        assertThat(process.isAlive() && System.nanoTime() < deadline)
            .as(() -> "it comes so far; it said: " + read("err"))
            .isTrue();
        Thread.sleep(20);
      }
    } finally {
      process.destroyForcibly(); // SIGKILL
      process.waitFor();
    }
  }

  private Process start(Path root, String... properties) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.add("-XX:TieredStopAtLevel=1"); // starts sooner, computes the same
    command.addAll(List.of(properties));
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "dev.weft.jobs.Weft"));
    Path config = Files.writeString(folder.resolve("train.yaml"), "root: '" + root + "'\n");
    command.addAll(List.of("train", "--config", config.toString()));
    for (String setting : SETTINGS) {
      command.addAll(List.of("--set", setting));
    }
    return new ProcessBuilder(command)
        .redirectOutput(folder.resolve("out").toFile())
        .redirectError(folder.resolve("err").toFile())
        .start();
  }

  private String read(String name) {
    try {
      return Files.readString(folder.resolve(name));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
