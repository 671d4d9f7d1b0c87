package dev.weft.train;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.MarkedSection;
import dev.weft.compute.NativeBackend;
import dev.weft.train.Timings.Spread;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.DoubleSupplier;

/**
 * Measures the whole training step (gather, forward, loss, backward, Adam): through {@link
 * Trainer}, in one process, in turns with its matrix products alone and with the same step in
 * PyTorch.
 *
 * <pre>scripts/bench train [ROUNDS]</pre>
 *
 * <p>All three take their turns in one run, so what else the machine does falls on all of them; the
 * ratio and the share are medians over the rounds, of what followed each other. A turn is long
 * enough, half a second or more, that the caches and threads that the others left are a small part
 * of it.
 */
final class StepBenchmark {
  private static final int WARM_UP = 4;
  private static final JsonMapper JSON = new JsonMapper();

  private StepBenchmark() {}

  /**
   * @param arguments rounds, the Python interpreter, the Markdown file that takes the table
   */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    if (arguments[0].equals("memory")) {
      LargeBatch.run();
      return;
    }
    int rounds = Integer.parseInt(arguments[0]);
    String python = arguments[1];
    Path document = Path.of(arguments[2]);
    long start = System.nanoTime();
    NativeBackend.Description engine = NativeBackend.load();
    System.err.println("Engine: " + engine);

    ObjectNode result = JSON.createObjectNode().put("stage", "bench-train");
    ArrayNode missed = JSON.createArrayNode();
    ObjectNode figures = JSON.createObjectNode();
    StringBuilder table =
        new StringBuilder(
            "| step | ms | triplets/s | sgemm GFLOP/s | share of the time in sgemm | PyTorch, ms |"
                + " × PyTorch |\n|---|---:|---:|---:|---:|---:|---:|\n");
    String peerVersion = "";
    for (StepCase step : StepCase.all()) {
      Timings timings = measure(step, rounds, python, engine.threads());
      System.err.println(timings.line(step));
      table.append(timings.line(step));
      figures.set(step.label(), timings.json(step));
      timings.missed(step).forEach(missed::add);
      peerVersion = timings.peer().isEmpty() ? peerVersion : timings.peer();
    }
    LargeBatch.Measured large = LargeBatch.inOwnProcess();
    System.err.println(large.line());
    table.append(large.line());
    figures.set(LargeBatch.LABEL, large.json());
    large.missed().forEach(missed::add);

    String note =
        String.format(
            Locale.ROOT,
            "%nMedian of %d rounds, in brackets the quartiles; %d threads; the peer is PyTorch %s.%n",
            rounds,
            engine.threads(),
            peerVersion.isEmpty() ? "(none was found)" : peerVersion);
    MarkedSection.replace(document, "bench train", table + note);
    result.put("status", missed.isEmpty() ? "done" : "missed");
    result.put("path", document.toString());
    result.put("seconds", (System.nanoTime() - start) / 1_000_000_000);
    result.set("missed", missed);
    result.set("steps", figures);
    System.out.println("RESULT " + JSON.writeValueAsString(result));
  }

  private static Timings measure(StepCase step, int rounds, String python, int threads)
      throws IOException {
    int batch = step.batch();
    int perRound = step.turn();
    TripletTable triplets = Synthetic.random(2 * batch, step.architecture().dimension(), 1);
    Batches batches = new Batches(1, 2 * batch, batch);
    int steps = WARM_UP + rounds * perRound;
    TrainConfig config = Synthetic.plain((steps + 1) / 2, batch);
    StepComputation computation =
        new StepComputation(step.architecture(), triplets, batches, config.objective());
    Trainer trainer = new Trainer(config, step.architecture(), batches, "bench");
    Runnable ceiling = step.ceiling();
    ceiling.run();
    try (Turns turns =
        new Turns(PeerProcess.start(python, step, threads), ceiling, perRound, WARM_UP)) {
      Checkpoint from = trainer.start();
      turns.begin();
      trainer.train(from, new LocalWorkers(computation, 1), kept -> {}, turns::afterStep);
      return turns.timings();
    }
  }

  /** Who is measured when: some steps of ours, the products alone, as many steps of the peer. */
  private static final class Turns implements AutoCloseable {
    private final Optional<PeerProcess> peer;
    private final Runnable ceiling;
    private final int perRound;
    private final int warmUp;
    private final List<Double> ours = new ArrayList<>();
    private final List<Double> products = new ArrayList<>();
    private final List<Double> theirs = new ArrayList<>();
    private final List<Double> round = new ArrayList<>();
    private long started;

    Turns(Optional<PeerProcess> peer, Runnable ceiling, int perRound, int warmUp) {
      this.peer = peer;
      this.ceiling = ceiling;
      this.perRound = perRound;
      this.warmUp = warmUp;
    }

    void begin() {
      started = System.nanoTime();
    }

    void afterStep(StepReport report) {
      double seconds = seconds();
      if (report.step() >= warmUp) {
        round.add(seconds);
      }
      if (round.size() == perRound) {
        ours.add(Spread.of(round).median());
        round.clear();
        products.add(repeated(() -> timed(ceiling)));
        peer.ifPresent(process -> theirs.add(repeated(() -> step(process))));
      }
      begin();
    }

    private double repeated(DoubleSupplier turn) {
      List<Double> seconds = new ArrayList<>();
      for (int i = 0; i < perRound; i++) {
        seconds.add(turn.getAsDouble());
      }
      return Spread.of(seconds).median();
    }

    private double timed(Runnable work) {
      begin();
      work.run();
      return seconds();
    }

    private double seconds() {
      return (System.nanoTime() - started) / 1e9;
    }

    private static double step(PeerProcess peer) {
      try {
        return peer.step();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    Timings timings() {
      return new Timings(ours, products, theirs, peer.map(PeerProcess::version).orElse(""));
    }

    @Override
    public void close() throws IOException {
      if (peer.isPresent()) {
        peer.get().close();
      }
    }
  }

  /** A file that the kernel writes, such as {@code /proc/self/status}. */
  static String read(Path file) throws IOException {
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }
}
