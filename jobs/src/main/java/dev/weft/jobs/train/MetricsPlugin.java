package dev.weft.jobs.train;

import java.time.Clock;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Gives the figures of the training to Spark's metrics system, and so to every sink that is set up
 * there: {@code spark.plugins dev.weft.jobs.train.MetricsPlugin}. On the driver those of the steps,
 * on each executor those of its slices.
 */
public final class MetricsPlugin implements SparkPlugin {
  @Override
  public DriverPlugin driverPlugin() {
    return new DriverPlugin() {
      @Override
      public Map<String, String> init(SparkContext spark, PluginContext context) {
        return Map.of();
      }

      @Override
      public void registerMetrics(String application, PluginContext context) {
        TrainMetrics.register(context.metricRegistry(), Clock.systemUTC());
      }
    };
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext context, Map<String, String> settings) {
        SliceMetrics.register(context.metricRegistry());
      }
    };
  }
}
