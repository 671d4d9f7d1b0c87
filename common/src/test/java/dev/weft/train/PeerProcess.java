package dev.weft.train;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/** The same step in PyTorch, in a process that waits between its turns. */
final class PeerProcess implements AutoCloseable {
  private final Process process;
  private final BufferedWriter requests;
  private final BufferedReader answers;
  private final String version;

  private PeerProcess(Process process) throws IOException {
    this.process = process;
    requests = process.outputWriter(StandardCharsets.UTF_8);
    answers =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String first = answers.readLine();
    version = first != null && first.startsWith("ready ") ? first.substring(6) : "";
  }

  /**
   * @param python the interpreter
   * @param threads threads of PyTorch
   * @return the peer after its warm-up; empty where this Python has no PyTorch
   */
  static Optional<PeerProcess> start(String python, StepCase step, int threads) {
    ProcessBuilder builder =
        new ProcessBuilder(
                List.of(
                    python,
                    "scripts/peers/train_step.py",
                    "--head=" + step.peer(),
                    "--dimension=" + step.architecture().dimension(),
                    "--batch=" + step.batch(),
                    "--threads=" + threads))
            .redirectError(ProcessBuilder.Redirect.DISCARD);
    builder.environment().remove("OMP_WAIT_POLICY");
    builder.environment().remove("OMP_NUM_THREADS");
    try {
      PeerProcess peer = new PeerProcess(builder.start());
      if (!peer.version.isEmpty()) {
        return Optional.of(peer);
      }
      peer.close();
    } catch (IOException e) {
      // No such interpreter: the measurement goes on without a peer, and says so.
      return Optional.empty();
    }
    return Optional.empty();
  }

  String version() {
    return version;
  }

  /** Seconds of one more step, by the peer's own clock. */
  double step() throws IOException {
    requests.write("step\n");
    requests.flush();
    String answer = answers.readLine();
    if (answer == null) {
      throw new IOException("the peer ended with code " + process.onExit().join().exitValue());
    }
    return Double.parseDouble(answer);
  }

  @Override
  public void close() throws IOException {
    requests.close();
    process.destroy();
  }
}
