package dev.weft.jobs.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A program as a process of its own, with what it says in files, that can be waited for and killed.
 */
public final class ServerProcess {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final String name;
  private final Process process;
  private final Path out;
  private final Path err;

  private ServerProcess(String name, Process process, Path out, Path err) {
    this.name = name;
    this.process = process;
    this.out = out;
    this.err = err;
  }

  /**
   * Starts a program.
   *
   * @param folder where {@code name.out} and {@code name.err} get what it says
   * @param environment variables besides those of this process
   */
  public static ServerProcess start(
      Path folder, String name, Map<String, String> environment, List<String> command) {
    Path out = folder.resolve(name + ".out");
    Path err = folder.resolve(name + ".err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().putAll(environment);
    try {
      return new ServerProcess(name, builder.start(), out, err);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The Java that runs this process. */
  public static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /** Waits until something holds; fails if the process ends before, or it takes too long. */
  public void await(String what, BooleanSupplier condition) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline || !process.isAlive()) {
        throw new AssertionError(
            (process.isAlive() ? "after " + PATIENCE : name + " has ended")
                + " still not: "
                + what
                + "; it said: "
                + output()
                + errors());
      }
      pause(20);
    }
  }

  /** Waits for a line on its standard error. */
  public Matcher await(Pattern line) {
    await("the line " + line, () -> line.matcher(errors()).find());
    Matcher matcher = line.matcher(errors());
    if (!matcher.find()) {
      throw new IllegalStateException("a log does not get shorter");
    }
    return matcher;
  }

  /** Lets some milliseconds go by. */
  public static void pause(long milliseconds) {
    try {
      Thread.sleep(milliseconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Waits for the end; returns the exit code. */
  public int exitCode() {
    try {
      if (process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        return process.exitValue();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new AssertionError(name + " has not ended; it said: " + output() + errors());
  }

  /** Whether it has not ended. */
  public boolean isAlive() {
    return process.isAlive();
  }

  /** Waits for the end, which has to be with this exit code. */
  public void require(int expected) {
    int code = exitCode();
    if (code != expected) {
      throw new AssertionError(
          "exit code " + code + ", not " + expected + ": " + output() + errors());
    }
  }

  /** Ends it and all it started by SIGKILL: with no chance to clean up. */
  public void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    exitCode();
  }

  /** What it wrote to standard output. */
  public String output() {
    return read(out);
  }

  /** What it wrote to standard error. */
  public String errors() {
    return read(err);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
