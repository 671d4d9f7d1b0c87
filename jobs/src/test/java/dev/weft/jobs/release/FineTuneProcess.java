package dev.weft.jobs.release;

import dev.weft.jobs.WeftCommand;
import dev.weft.jobs.cluster.ServerProcess;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The command {@code fine-tune} in a process of its own, which can be killed (SIGKILL). */
final class FineTuneProcess {
  private FineTuneProcess() {}

  /** Starts it. */
  static ServerProcess start(FineTuneRuns runs) {
    return start(runs, List.of());
  }

  /** Starts it, and kills it in a phase. */
  static void killIn(Phase phase, FineTuneRuns runs) {
    Path reached = folder(runs).resolve(UUID.randomUUID() + ".reached");
    ServerProcess process =
        start(
            runs,
            List.of(
                "-D" + PausingFileSystem.CALLS + "=" + phase.calls(runs.root()),
                "-D" + PausingFileSystem.NUMBER + "=" + phase.number(),
                "-D" + PausingFileSystem.REACHED + "=" + reached));
    try {
      process.await("it came to " + phase, () -> Files.exists(reached));
    } finally {
      process.kill();
    }
  }

  private static ServerProcess start(FineTuneRuns runs, List<String> more) {
    List<String> options = new ArrayList<>(WeftCommand.LOCAL);
    options.addAll(List.of("-Xmx1g", "-XX:+UseSerialGC", "-Dspark.sql.shuffle.partitions=3"));
    options.addAll(more);
    String main = PausingFileSystem.class.getName();
    return new WeftCommand(main, options, "fine-tune", runs.root(), runs.pairs())
        .start(folder(runs));
  }

  private static Path folder(FineTuneRuns runs) {
    return runs.root().resolveSibling("processes");
  }
}
