package dev.weft.jobs.encode;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** {@code scripts/peers/encode.py} in a process that waits between its turns. */
final class EncodePeer implements AutoCloseable {
  private final Optional<Process> process;
  private final String version;
  private final Optional<BufferedReader> answers;

  private EncodePeer(Optional<Process> process) throws IOException {
    this.process = process;
    this.answers =
        process.map(
            started ->
                new BufferedReader(
                    new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8)));
    String first = answers.isPresent() ? answers.get().readLine() : null;
    this.version = first != null && first.startsWith("ready ") ? first.substring(6) : "";
  }

  /** Starts it; where this Python lacks a package it is not ready. */
  static EncodePeer start(String python, Path folder) throws IOException {
    ProcessBuilder builder =
        new ProcessBuilder(List.of(python, "scripts/peers/encode.py", "serve", folder.toString()))
            .redirectError(folder.resolve("peer.log").toFile());
    // The peer chooses its own kernels and threads, whatever the environment says.
    List.of("OMP_WAIT_POLICY", "OMP_NUM_THREADS", "OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
        .forEach(builder.environment()::remove);
    try {
      return new EncodePeer(Optional.of(builder.start()));
    } catch (IOException e) { // no such interpreter
      return new EncodePeer(Optional.empty());
    }
  }

  boolean isReady() {
    return !version.isEmpty();
  }

  /** The versions of its libraries. */
  String version() {
    return version;
  }

  /**
   * Lets it work once.
   *
   * @param way how, and its batch, such as {@code processes 32}
   * @return seconds by its own clock
   */
  double seconds(String kind, int count, String way) throws IOException {
    BufferedWriter requests = process.orElseThrow().outputWriter(StandardCharsets.UTF_8);
    requests.write(kind + " " + count + " " + way + "\n");
    requests.flush();
    String answer = answers.orElseThrow().readLine();
    if (answer == null) {
      throw new IOException("the peer ended; see peer.log in the folder of the benchmark");
    }
    return Double.parseDouble(answer);
  }

  @Override
  public void close() {
    process.ifPresent(Process::destroy);
  }
}
