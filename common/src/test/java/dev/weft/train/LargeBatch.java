package dev.weft.train;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.compute.NativeBackend;
import dev.weft.train.HeadArchitecture.Gate;
import dev.weft.train.HeadArchitecture.Gated;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * A step whose logits would take 17 GB, in a process of its own, whose memory the kernel counts.
 */
final class LargeBatch {
  static final String LABEL = "gated, D=512, B=65,536";
  private static final int BATCH = 65_536;
  private static final int WIDTH = 512;

  /** Images and texts, each B vectors. */
  private static final long INPUT_BYTES = 2L * BATCH * WIDTH * Float.BYTES;

  private static final double LIMIT = 1.5e9;
  private static final String ANSWER = "MEASURED ";

  private LargeBatch() {}

  /**
   * @param seconds of the step
   * @param peakBytes most memory of the process beyond the input vectors, the JVM and all libraries
   *     included
   */
  record Measured(double seconds, long peakBytes) {
    String line() {
      return String.format(
          Locale.ROOT,
          "| %s | %.0f | %,.0f | | %.2f GB beyond the inputs | | |%n",
          LABEL,
          seconds * 1000,
          BATCH / seconds,
          peakBytes / 1e9);
    }

    ObjectNode json() {
      return new JsonMapper()
          .createObjectNode()
          .put("milliseconds", 1000 * seconds)
          .put("tripletsPerSecond", BATCH / seconds)
          .put("peakBytesBeyondInputs", peakBytes);
    }

    List<String> missed() {
      return peakBytes < LIMIT ? List.of() : List.of(LABEL + ": more than 1.5 GB");
    }
  }

  /** Starts {@link #run} with the class path of this process, and waits. */
  static Measured inOwnProcess() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx900m",
                "--add-modules=jdk.incubator.vector",
                "-cp",
                System.getProperty("java.class.path"),
                StepBenchmark.class.getName(),
                "memory")
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (process.waitFor() != 0 || !output.startsWith(ANSWER)) {
      throw new IOException("the step with a batch of " + BATCH + " did not end: " + output);
    }
    String[] parts = output.substring(ANSWER.length()).strip().split(" ", 2);
    return new Measured(Double.parseDouble(parts[0]), Long.parseLong(parts[1]));
  }

  /** One step of training, and an answer for {@link #inOwnProcess}. */
  static void run() throws IOException {
    NativeBackend.load();
    Gated architecture = new Gated(WIDTH, Gate.VECTOR);
    TrainConfig config = Synthetic.plain(1, BATCH);
    Batches batches = new Batches(1, BATCH, BATCH);
    StepComputation computation =
        new StepComputation(
            architecture, Synthetic.random(BATCH, WIDTH, 1), batches, config.objective());
    Trainer trainer = new Trainer(config, architecture, batches, "bench");
    long start = System.nanoTime();
    trainer.train(trainer.start(), new LocalWorkers(computation, 1), kept -> {}, report -> {});
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.println(ANSWER + seconds + " " + (peakBytes() - INPUT_BYTES));
  }

  /** Peak resident memory of this process. */
  private static long peakBytes() throws IOException {
    return StepBenchmark.read(Path.of("/proc/self/status"))
        .lines()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) * 1024)
        .findFirst()
        .orElseThrow();
  }
}
