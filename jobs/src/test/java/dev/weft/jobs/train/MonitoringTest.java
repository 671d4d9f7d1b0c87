package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.jobs.LocalSpark;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.core.LoggerContext;
import org.apache.logging.log4j.core.config.Configuration;
import org.apache.logging.log4j.core.config.ConfigurationFactory;
import org.apache.logging.log4j.core.config.ConfigurationSource;
import org.apache.logging.log4j.core.impl.Log4jLogEvent;
import org.apache.logging.log4j.message.SimpleMessage;
import org.apache.spark.SparkEnv;
import org.apache.spark.metrics.sink.PrometheusServlet;
import org.apache.spark.metrics.source.Source;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What others watch a training by: every name that the board and the alerts use is published. */
class MonitoringTest {
  private static final Path CONF = Path.of("..", "conf");
  private static final String DRIVER = "weft.driver.";
  private static final Pattern NAME = Pattern.compile("metrics_weft_\\w+");

  /** The names as Spark's own servlet writes them, with spark.metrics.namespace=weft. */
  private static Set<String> published() {
    MetricRegistry ours = new MetricRegistry();
    TrainMetrics.register(ours, Clock.systemUTC());
    MetricRegistry all = new MetricRegistry();
    String plugin = DRIVER + "plugin." + MetricsPlugin.class.getName() + ".";
    ours.getMetrics().forEach((name, metric) -> all.register(plugin + name, metric));
    LocalSpark.session(); // Spark's own
    Source scheduler = SparkEnv.get().metricsSystem().getSourcesByName("DAGScheduler").head();
    scheduler
        .metricRegistry()
        .getMetrics()
        .forEach((name, metric) -> all.register(DRIVER + "DAGScheduler." + name, metric));
    String page = new PrometheusServlet(new Properties(), all).getMetricsSnapshot();
    return page.lines()
        .map(line -> line.split("[{ ]", 2)[0])
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Set<String> named(String file) throws IOException {
    Matcher matcher = NAME.matcher(Files.readString(CONF.resolve("monitoring").resolve(file)));
    Set<String> names = new TreeSet<>();
    while (matcher.find()) {
      names.add(matcher.group());
    }
    return names;
  }

  @ParameterizedTest
  @ValueSource(strings = {"grafana-board.json", "alerts.yaml"})
  void everyNameIsPublished(String file) throws IOException {
    Set<String> unknown = named(file);
    assertThat(unknown).hasSizeGreaterThan(4);
    unknown.removeAll(published());
    assertThat(unknown).isEmpty();
  }

  @Test
  void theDocumentHasEveryFigureAndNoOther() throws IOException {
    MetricRegistry all = new MetricRegistry();
    TrainMetrics.register(all, Clock.systemUTC());
    SliceMetrics.register(all);
    Set<String> documented =
        Files.readAllLines(Path.of("..", "docs", "monitoring.md")).stream()
            .filter(line -> line.startsWith("| `train."))
            .map(line -> line.split("\\|", -1)[1])
            .flatMap(cell -> Pattern.compile("`([^`]+)`").matcher(cell).results())
            .map(name -> name.group(1))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(documented).containsExactlyElementsOf(all.getNames());
  }

  @Test
  void theBoardShowsAQueryInEveryPanel() throws IOException {
    JsonNode board =
        new JsonMapper().readTree(CONF.resolve("monitoring/grafana-board.json").toFile());
    assertThat(board.get("panels")).hasSize(9);
    for (JsonNode panel : board.get("panels")) {
      assertThat(panel.get("title").asText()).isNotBlank();
      for (JsonNode target : panel.get("targets")) {
        assertThat(target.get("expr").asText()).contains("metrics_weft_");
      }
    }
  }

  @Test
  void aLogLineIsOneJsonObject() throws IOException {
    Path file = CONF.resolve("log4j2-json.properties");
    Configuration logging =
        ConfigurationFactory.getInstance()
            .getConfiguration(
                new LoggerContext("test"),
                new ConfigurationSource(Files.newInputStream(file), file.toFile()));
    logging.initialize();
    String line =
        new String(
            logging
                .getAppender("stderr")
                .getLayout()
                .toByteArray(
                    Log4jLogEvent.newBuilder()
                        .setLoggerName("dev.weft.x")
                        .setLevel(Level.WARN)
                        .setMessage(new SimpleMessage("two\nlines"))
                        .build()),
            StandardCharsets.UTF_8);

    assertThat(line.strip().lines()).hasSize(1);
    JsonNode event = new JsonMapper().readTree(line);
    assertThat(event.get("message").asText()).isEqualTo("two\nlines");
    assertThat(event.get("log.level").asText()).isEqualTo("WARN");
    assertThat(event.get("log.logger").asText()).isEqualTo("dev.weft.x");
  }
}
