package dev.weft.jobs.release;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The command {@code fine-tune} in a process of its own, which can be killed (SIGKILL). */
final class FineTuneProcess {
  private static final Duration PATIENCE = Duration.ofMinutes(8);

  private final Process process;
  private final Path log;

  private FineTuneProcess(Process process, Path log) {
    this.process = process;
    this.log = log;
  }

  /**
   * Starts it.
   *
   * @param runs on which root
   * @param phase where it stands still; empty: nowhere
   */
  static FineTuneProcess start(FineTuneRuns runs, Optional<Phase> phase) {
    try {
      Path folder = Files.createDirectories(runs.root().resolveSibling("processes"));
      Path log = Files.createTempFile(folder, runs.root().getFileName() + "-", ".log");
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
      command.addAll(
          List.of(
              "-Xmx1g",
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1", // starts sooner, computes the same
              "-Dspark.master=local[2]",
              "-Dspark.ui.enabled=false",
              "-Dspark.driver.host=localhost",
              "-Dspark.sql.shuffle.partitions=3"));
      phase.ifPresent(
          at ->
              command.addAll(
                  List.of(
                      "-D" + PausingFileSystem.CALLS + "=" + at.calls(runs.root()),
                      "-D" + PausingFileSystem.NUMBER + "=" + at.number(),
                      "-D" + PausingFileSystem.REACHED + "=" + reached(log))));
      command.addAll(
          List.of(
              "-cp",
              System.getProperty("java.class.path"),
              PausingFileSystem.class.getName(),
              "fine-tune"));
      Path config = folder.resolve(runs.root().getFileName() + ".yaml");
      Files.writeString(config, "root: '" + runs.root() + "'\n");
      command.addAll(List.of("--config", config.toString()));
      runs.pairs().forEach(pair -> command.addAll(List.of("--set", pair)));
      ProcessBuilder builder = new ProcessBuilder(command);
      builder.redirectErrorStream(true).redirectOutput(log.toFile());
      return new FineTuneProcess(builder.start(), log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Starts it, and kills it in a phase. */
  static void killIn(Phase phase, FineTuneRuns runs) {
    FineTuneProcess process = start(runs, Optional.of(phase));
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!Files.exists(reached(process.log))) {
      if (!process.process.isAlive() || System.nanoTime() > deadline) {
        process.kill();
        throw new IllegalStateException("It did not come to " + phase + ". " + process);
      }
      pause(10);
    }
    process.kill();
  }

  private static Path reached(Path log) {
    return log.resolveSibling(log.getFileName() + ".reached");
  }

  static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  boolean isAlive() {
    return process.isAlive();
  }

  void kill() {
    process.destroyForcibly(); // SIGKILL
    await();
  }

  /** Waits for the end; returns the exit code. */
  int await() {
    try {
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException("It did not end in " + PATIENCE + ". " + this);
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Waits for the end, which has to be a good one; returns the line {@code RESULT}. */
  String result() {
    int code = await();
    if (code != 0) {
      throw new IllegalStateException("Exit code " + code + ". " + this);
    }
    return said().lines().filter(line -> line.startsWith("RESULT ")).findFirst().orElseThrow();
  }

  private String said() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return "The command said: " + said();
  }
}
