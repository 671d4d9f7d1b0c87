package dev.weft.jobs.train;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.weft.compute.NativeBackend;
import java.util.function.ToDoubleFunction;

/**
 * What this executor has done for the training steps, as Spark's metrics system publishes it on the
 * executor: Spark's own figures show neither how long a slice waited for the parameters nor what
 * the process takes with its tensors, which lie outside the heap.
 *
 * <p>Safe for use by many threads: sinks read while tasks write.
 */
final class SliceMetrics {
  private static final SliceMetrics CURRENT = new SliceMetrics();

  private long slices; // guarded by this, as all fields
  private long rows;
  private double fetchSeconds;
  private double computeSeconds;

  private SliceMetrics() {}

  /** The figures of this process. */
  static SliceMetrics current() {
    return CURRENT;
  }

  /** Takes a slice of a step. */
  synchronized void slice(SliceResult result) {
    slices++;
    rows += result.rows();
    fetchSeconds = result.fetchNanos() / 1e9;
    computeSeconds = result.computeNanos() / 1e9;
  }

  /** Puts a gauge for each figure into a registry. */
  static void register(MetricRegistry registry) {
    registry.register("train.slices", of(metrics -> metrics.slices));
    registry.register("train.rows", of(metrics -> metrics.rows));
    registry.register("train.slice.seconds.fetch", of(metrics -> metrics.fetchSeconds));
    registry.register("train.slice.seconds.compute", of(metrics -> metrics.computeSeconds));
    registry.register("train.process-bytes", of(metrics -> NativeBackend.processBytes()));
  }

  private static Gauge<Double> of(ToDoubleFunction<SliceMetrics> figure) {
    return () -> {
      synchronized (CURRENT) {
        return figure.applyAsDouble(CURRENT);
      }
    };
  }
}
