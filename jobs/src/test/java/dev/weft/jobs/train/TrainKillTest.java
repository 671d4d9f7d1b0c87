package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.jobs.WeftCommand;
import dev.weft.jobs.cluster.ServerProcess;
import dev.weft.store.Artefact;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command in a process of its own, killed with no chance to clean up. */
class TrainKillTest {
  private static final String[] SETTINGS = {
    "train.heads=[gated, combiner]",
    "train.epochs=12",
    "train.batch-size=64",
    "train.partitions=2",
    "train.checkpoint-steps=10"
  };

  @TempDir Path folder;

  @Test
  void killedInTheMiddleOfEachHeadTheSameCommandEndsInTheSameBytes() throws IOException {
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
    ServerProcess again = command(root, List.of()).start(folder);
    again.require(0);
    assertThat(again.output())
        .startsWith("RESULT {\"stage\":\"train\",\"status\":\"up to date\",\"seconds\":");
  }

  private static byte[] parameters(EncodedTriplets problem, String head) {
    return problem.artefact("train/" + head).require().read("params.bin");
  }

  private static long versions(EncodedTriplets problem, String artefact) {
    Artefact checkpoints = problem.artefact("train/" + artefact);
    return checkpoints.latest().map(Snapshot::version).orElse(0L);
  }

  private void killWhen(BooleanSupplier condition, Path root) {
    ServerProcess process = command(root, WeftCommand.LOCAL).start(folder);
    try {
      process.await("it came so far", condition);
    } finally {
      process.kill();
    }
  }

  private static WeftCommand command(Path root, List<String> options) {
    return new WeftCommand(options, "train", root, List.of(SETTINGS));
  }
}
