package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import dev.weft.train.StepReport;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;
import org.apache.spark.SparkConf;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.resource.ResourceInformation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainMetricsTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  /** What Spark gives a plugin, as far as this one looks at it. */
  private record Context(MetricRegistry metricRegistry) implements PluginContext {
    @Override
    public SparkConf conf() {
      return new SparkConf(false);
    }

    @Override
    public String executorID() {
      return "driver";
    }

    @Override
    public String hostname() {
      return "localhost";
    }

    @Override
    public Map<String, ResourceInformation> resources() {
      return Map.of();
    }

    @Override
    public void send(Object message) {
      throw new IllegalStateException("nothing is to be sent");
    }

    @Override
    public Object ask(Object message) {
      throw new IllegalStateException("nothing is to be asked");
    }
  }

  private static double value(MetricRegistry registry, String name) {
    return (Double) registry.getGauges().get(name).getValue();
  }

  @Test
  void theNewestStepAndCheckpointShow() {
    MetricRegistry registry = new MetricRegistry();
    TrainMetrics.register(registry, Clock.fixed(NOW.plusSeconds(90), ZoneOffset.UTC));
    double before = value(registry, "train.bytes-broadcast");

    TrainMetrics.current()
        .step(
            new StepReport(41, 100, 3, 512, 2.5, 0.75, 0.001, 21, 0.01, 0.002),
            new StepCost(0.003, 0.004, 0.31, 0.3, 0.06, 0.01, 0.002),
            0.5,
            1000);
    TrainMetrics.current().checkpoint(40, NOW);
    TrainMetrics.current().published(7);

    assertThat(value(registry, "train.step")).isEqualTo(42);
    assertThat(value(registry, "train.loss")).isEqualTo(2.5);
    assertThat(value(registry, "train.gradient-norm")).isEqualTo(0.75);
    assertThat(value(registry, "train.logit-scale")).isEqualTo(21);
    assertThat(value(registry, "train.triplets-per-second")).isEqualTo(1024);
    assertThat(value(registry, "train.step.seconds")).isCloseTo(0.389, within(1e-9));
    assertThat(value(registry, "train.step.seconds.broadcast")).isCloseTo(0.007, within(1e-9));
    assertThat(value(registry, "train.step.seconds.reduce")).isCloseTo(0.07, within(1e-9));
    assertThat(value(registry, "train.bytes-broadcast") - before).isEqualTo(1000);
    assertThat(value(registry, "train.checkpoint.step")).isEqualTo(40);
    assertThat(value(registry, "train.checkpoint.age-seconds")).isEqualTo(90);
    assertThat(value(registry, "train.version")).isEqualTo(7);
  }

  @Test
  void aTrainingRunFillsTheRegistryThatThePluginWasGiven(@TempDir Path root) throws Exception {
    MetricRegistry registry = new MetricRegistry();
    new MetricsPlugin().driverPlugin().registerMetrics("application", new Context(registry));
    EncodedTriplets problem = EncodedTriplets.written(root, 40);

    TrainJob.run(problem.session("train.heads=[gated]", "train.epochs=2", "train.batch-size=20"));

    for (Map.Entry<String, Metric> metric : registry.getMetrics().entrySet()) {
      assertThat(metric.getKey()).startsWith("train.");
    }
    assertThat(value(registry, "train.step")).isEqualTo(4);
    assertThat(value(registry, "train.loss")).isPositive();
    assertThat(value(registry, "train.step.seconds.compute")).isPositive();
    assertThat(value(registry, "train.checkpoint.step")).isEqualTo(4);
    assertThat(value(registry, "train.version")).isEqualTo(1);
  }
}
