package dev.weft.jobs.tracking;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.weft.config.ConfigException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What a server is told, and that none can harm a run. */
class MlflowTrackingTest {
  private static final Clock CLOCK =
      Clock.fixed(Instant.ofEpochMilli(1_700_000_000_000L), ZoneOffset.UTC);
  private static final Map<String, Object> RESULT =
      Map.of(
          "stage", "train",
          "status", "done",
          "version", 3,
          "heads", Map.of("gated", Map.of("loss", 0.25)),
          "path", "hdfs://x/train");

  private final List<String> asked = new CopyOnWriteArrayList<>();
  private final List<JsonNode> bodies = new CopyOnWriteArrayList<>();
  private HttpServer server;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task);
              thread.setDaemon(true);
              return thread;
            }));
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private TrackingConfig config(int seconds) {
    return new TrackingConfig(
        "http://localhost:" + server.getAddress().getPort() + "/", "my shop", seconds);
  }

  private static void answer(HttpExchange exchange, int code, String body) throws IOException {
    byte[] bytes = body.getBytes(UTF_8);
    exchange.sendResponseHeaders(code, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  private void like(boolean experimentThere) {
    server.createContext(
        "/api/2.0/mlflow/",
        exchange -> {
          String call = exchange.getRequestURI().toString().replace("/api/2.0/mlflow/", "");
          asked.add(call);
          byte[] body = exchange.getRequestBody().readAllBytes();
          bodies.add(new JsonMapper().readTree(body.length == 0 ? "{}".getBytes(UTF_8) : body));
          if (call.startsWith("experiments/get")) {
            answer(
                exchange,
                experimentThere ? 200 : 404,
                experimentThere ? "{\"experiment\":{\"experiment_id\":\"7\"}}" : "{}");
          } else if (call.equals("experiments/create")) {
            answer(exchange, 200, "{\"experiment_id\":\"8\"}");
          } else if (call.equals("runs/create")) {
            answer(exchange, 200, "{\"run\":{\"info\":{\"run_id\":\"r1\"}}}");
          } else {
            answer(exchange, 200, "{}");
          }
        });
  }

  private static Map<String, String> settings(int count) {
    Map<String, String> settings = new TreeMap<>();
    IntStream.range(0, count).forEach(i -> settings.put("key." + i, "value " + i));
    return settings;
  }

  @Test
  void aRunIsFiledWithItsFiguresAndSettings() {
    like(true);

    MlflowTracking.tell(config(10), CLOCK, "autumn", settings(120), RESULT);

    assertThat(asked)
        .containsExactly(
            "experiments/get-by-name?experiment_name=my+shop",
            "runs/create",
            "runs/log-batch",
            "runs/log-batch",
            "runs/update");
    assertThat(bodies.get(1).toString())
        .contains("\"experiment_id\":\"7\"", "\"run_name\":\"autumn train\"");
    assertThat(bodies.get(2).get("metrics").findValuesAsText("key"))
        .containsExactly("heads/gated/loss", "version");
    assertThat(bodies.get(2).get("metrics").findValuesAsText("value"))
        .containsExactly("0.25", "3.0");
    assertThat(bodies.get(2).get("params")).hasSize(100);
    assertThat(bodies.get(3).get("params")).hasSize(20);
    assertThat(bodies.get(2).get("tags").findValuesAsText("key"))
        .containsExactly("path", "stage", "status");
    assertThat(bodies.get(4).get("status").asText()).isEqualTo("FINISHED");
    assertThat(bodies.get(4).get("end_time").asLong()).isEqualTo(CLOCK.millis());
  }

  @Test
  void anExperimentThatIsNotThereIsMade() {
    like(false);

    MlflowTracking.tell(config(10), CLOCK, "autumn", Map.of(), RESULT);

    assertThat(asked).contains("experiments/create");
    assertThat(bodies.get(2).get("experiment_id").asText()).isEqualTo("8");
  }

  @Test
  void aServerThatFailsHangsOrTalksNonsenseHarmsNothing() {
    server.createContext("/", exchange -> answer(exchange, 500, "{}"));
    MlflowTracking.tell(config(10), CLOCK, "autumn", Map.of(), RESULT);
    server.removeContext("/");

    server.createContext("/", exchange -> answer(exchange, 200, "<html>"));
    MlflowTracking.tell(config(10), CLOCK, "autumn", Map.of(), RESULT);
    server.removeContext("/");

    server.createContext(
        "/",
        exchange -> {
          try {
            Thread.sleep(20_000);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
    long start = System.nanoTime();
    MlflowTracking.tell(config(1), CLOCK, "autumn", Map.of(), RESULT);
    assertThat((System.nanoTime() - start) / 1e9).isLessThan(10);
  }

  @Test
  void aServerThatIsNotThereHarmsNothing() {
    MlflowTracking.tell(
        new TrackingConfig("http://localhost:1", "x", 2), CLOCK, "autumn", Map.of(), RESULT);
    MlflowTracking.tell(new TrackingConfig("", "x", 2), CLOCK, "autumn", Map.of(), RESULT);
    assertThat(asked).isEmpty();
  }

  @Test
  void anAddressThatIsNoneIsRefused() {
    assertThatThrownBy(() -> new TrackingConfig("mlflow:5000", "x", 5))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("tracking.mlflow must be the address of a server");
  }
}
