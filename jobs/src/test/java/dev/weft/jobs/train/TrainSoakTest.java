package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The short form of {@code scripts/soak train}: a Spark whose executors are processes, of which one
 * is killed, and then the driver; and what its metrics say meanwhile.
 */
class TrainSoakTest {
  private static final int STEPS = 150;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final String HEAD = "combiner";

  @TempDir Path folder;

  @Test
  void anExecutorAndTheDriverKilledChangeNoByte() throws IOException, InterruptedException {
    EncodedTriplets problem = TrainSoak.problem(folder);
    TrainProcess.Cluster cluster = TrainProcess.Cluster.of(folder.resolve("processes"), 2);
    String expected = undisturbed(problem, cluster.local());
    TrainHistory history = history(problem, "killed");
    int port = freePort();
    Path figures = Files.createDirectories(folder.resolve("figures"));
    List<String> settings = TrainSoak.settings(STEPS, 2, 5);

    TrainProcess first = cluster.with(metrics(port, figures)).train(history.root(), settings);
    await(first, () -> history.step() >= 20);
    assertThat(driverGauge(port, "train.step")).isGreaterThanOrEqualTo(20);
    assertThat(driverGauge(port, "train.loss")).isPositive();
    first.executors().get(0).destroyForcibly(); // SIGKILL
    long killedAt = history.step();
    await(first, () -> history.step() >= killedAt + 20);
    await(first, () -> executorGauge(figures, "train.slices").orElse(0.0) > 0);
    assertThat(executorGauge(figures, "train.slice.seconds.compute"))
        .hasValueSatisfying(value -> assertThat(value).isPositive());
    assertThat(executorGauge(figures, "train.process-bytes"))
        .hasValueSatisfying(value -> assertThat(value).isPositive());
    first.kill();
    assertThat(history.done()).isFalse();
    assertThat(history.loss(history.version())).isEmpty();

    TrainProcess second = cluster.train(history.root(), settings);
    second.succeed();

    assertThat(second.errors()).contains("; goes on after step ", " of train/combiner/checkpoint");
    assertThat(history.parameters()).isEqualTo(expected);
  }

  private static String undisturbed(EncodedTriplets problem, TrainProcess.Cluster cluster) {
    TrainHistory history = history(problem, "undisturbed");
    cluster.train(history.root(), TrainSoak.settings(STEPS, 2, 100)).succeed();
    return history.parameters();
  }

  private static TrainHistory history(EncodedTriplets problem, String name) {
    Path root = problem.root().resolveSibling(name);
    problem.copy(root);
    return new TrainHistory(root, HEAD);
  }

  /** The web page with the driver's figures, and a file for each figure of an executor. */
  private static Map<String, String> metrics(int port, Path folder) {
    String sink = "spark.metrics.conf.executor.sink.csv.";
    return Map.of(
        "spark.ui.enabled",
        "true",
        "spark.ui.port",
        String.valueOf(port),
        sink + "class",
        "org.apache.spark.metrics.sink.CsvSink",
        sink + "period",
        "1",
        sink + "unit",
        "seconds",
        sink + "directory",
        folder.toString());
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static double driverGauge(int port, String name)
      throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/metrics/json/")).build();
    String answer =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString()).body();
    JsonNode gauges = new JsonMapper().readTree(answer).path("gauges");
    for (Map.Entry<String, JsonNode> gauge : gauges.properties()) {
      if (gauge.getKey().endsWith(".MetricsPlugin." + name)) {
        return gauge.getValue().get("value").asDouble();
      }
    }
    throw new AssertionError(name + " is not among the figures: " + answer);
  }

  /** The greatest value that any executor wrote; a line is the time and the value. */
  private static Optional<Double> executorGauge(Path folder, String name) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.getFileName().toString().endsWith(".MetricsPlugin." + name + ".csv"))
          .flatMap(TrainSoakTest::values)
          .max(Double::compare);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Stream<Double> values(Path file) {
    try {
      return Files.readAllLines(file).stream()
          .skip(1)
          .map(line -> Double.parseDouble(line.substring(line.indexOf(',') + 1)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static void await(TrainProcess process, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(process.isAlive() && System.nanoTime() < deadline)
          .as(() -> "it comes so far; " + process)
          .isTrue();
      Thread.sleep(20);
    }
  }
}
