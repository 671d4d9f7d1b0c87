package dev.weft.jobs.tracking;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Files what a command ended with as a run of MLflow, by its REST API: numbers as metrics, settings
 * as parameters, the rest as tags.
 *
 * <p>It is told after the work is done and published. A server that is slow, wrong or not there
 * costs {@code tracking.timeout-seconds} and a warning, never the run.
 */
public final class MlflowTracking {
  private static final Logger LOG = LoggerFactory.getLogger(MlflowTracking.class);
  private static final JsonMapper JSON = new JsonMapper();

  /** Limits of the API for one call, and for the length of a value. */
  private static final int PARAMETERS = 100;

  private static final int LENGTH = 500;

  private final TrackingConfig config;
  private final Clock clock;
  private final HttpClient client;

  private MlflowTracking(TrackingConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
    this.client =
        HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(config.timeoutSeconds())).build();
  }

  /**
   * Tells the server, if there is one.
   *
   * @param run name of the run
   * @param settings what the command was set to, by key
   * @param result the fields of the {@code RESULT} line
   */
  public static void tell(
      TrackingConfig config,
      Clock clock,
      String run,
      Map<String, String> settings,
      Map<String, Object> result) {
    if (config.mlflow().isEmpty()) {
      return;
    }
    ExecutorService aside =
        Executors.newSingleThreadExecutor(
            task -> {
              Thread thread = new Thread(task, "mlflow");
              thread.setDaemon(true); // a server that hangs must not keep the process
              return thread;
            });
    Future<String> told =
        aside.submit(() -> new MlflowTracking(config, clock).file(run, settings, result));
    try {
      String id = told.get(config.timeoutSeconds(), TimeUnit.SECONDS);
      LOG.info("Told MLflow at {}: run {}", config.mlflow(), id);
    } catch (TimeoutException e) {
      warn(config, "no answer in " + config.timeoutSeconds() + " s");
    } catch (ExecutionException e) {
      warn(config, String.valueOf(e.getCause()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      aside.shutdownNow();
    }
  }

  private static void warn(TrackingConfig config, String why) {
    LOG.warn(
        "Cannot tell MLflow at {} of this run: {}. The run itself is not concerned. Check"
            + " tracking.mlflow, or leave it empty.",
        config.mlflow(),
        why);
  }

  private String file(String run, Map<String, String> settings, Map<String, Object> result)
      throws IOException, InterruptedException {
    String id =
        post(
                "runs/create",
                Map.of(
                    "experiment_id", experiment(),
                    "run_name", run + " " + result.get("stage"),
                    "start_time", clock.millis()))
            .at("/run/info/run_id")
            .asText();
    Map<String, Double> metrics = new TreeMap<>();
    Map<String, String> tags = new TreeMap<>();
    collect("", result, metrics, tags);
    List<Map<String, String>> parameters = pairs(settings);
    post(
        "runs/log-batch",
        Map.of(
            "run_id",
            id,
            "metrics",
            metrics.entrySet().stream()
                .map(
                    metric ->
                        Map.of(
                            "key", metric.getKey(),
                            "value", metric.getValue(),
                            "timestamp", clock.millis(),
                            "step", 0))
                .limit(1000)
                .toList(),
            "params",
            parameters.subList(0, Math.min(PARAMETERS, parameters.size())),
            "tags",
            pairs(tags).stream().limit(PARAMETERS).toList()));
    for (int i = PARAMETERS; i < parameters.size(); i += PARAMETERS) {
      post(
          "runs/log-batch",
          Map.of(
              "run_id",
              id,
              "params",
              parameters.subList(i, Math.min(i + PARAMETERS, parameters.size()))));
    }
    boolean failed = "failed".equals(result.get("status"));
    post(
        "runs/update",
        Map.of("run_id", id, "status", failed ? "FAILED" : "FINISHED", "end_time", clock.millis()));
    return id;
  }

  private String experiment() throws IOException, InterruptedException {
    String name = URLEncoder.encode(config.experiment(), StandardCharsets.UTF_8);
    HttpResponse<String> found =
        send(request("experiments/get-by-name?experiment_name=" + name).GET());
    if (found.statusCode() == 404) {
      return post("experiments/create", Map.of("name", config.experiment()))
          .get("experiment_id")
          .asText();
    }
    return read(found).at("/experiment/experiment_id").asText();
  }

  private static void collect(
      String prefix, Map<?, ?> fields, Map<String, Double> metrics, Map<String, String> tags) {
    fields.forEach(
        (name, value) -> {
          // What MLflow allows in names.
          String key = prefix + String.valueOf(name).replaceAll("[^A-Za-z0-9_./ -]", "_");
          if (value instanceof Number number) {
            metrics.put(key, number.doubleValue());
          } else if (value instanceof Map<?, ?> inner) {
            collect(key + "/", inner, metrics, tags);
          } else {
            tags.put(key, String.valueOf(value));
          }
        });
  }

  private static List<Map<String, String>> pairs(Map<String, String> values) {
    List<Map<String, String>> pairs = new ArrayList<>();
    new TreeMap<>(values)
        .forEach(
            (key, value) ->
                pairs.add(
                    Map.of(
                        "key",
                        key,
                        "value",
                        value.substring(0, Math.min(LENGTH, value.length())))));
    return pairs;
  }

  private HttpRequest.Builder request(String path) {
    return HttpRequest.newBuilder(
            URI.create(config.mlflow().replaceAll("/+$", "") + "/api/2.0/mlflow/" + path))
        .timeout(Duration.ofSeconds(config.timeoutSeconds()));
  }

  private JsonNode post(String path, Map<String, Object> body)
      throws IOException, InterruptedException {
    return read(
        send(
            request(path)
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(JSON.writeValueAsString(body)))));
  }

  private HttpResponse<String> send(HttpRequest.Builder request)
      throws IOException, InterruptedException {
    return client.send(request.build(), BodyHandlers.ofString());
  }

  private static JsonNode read(HttpResponse<String> answer) throws IOException {
    if (answer.statusCode() != 200) {
      throw new IOException(answer.uri().getPath() + " answered " + answer.statusCode());
    }
    return JSON.readTree(answer.body());
  }
}
