package dev.weft.jobs.train;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.weft.train.StepReport;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * The figures of the training that runs in this driver, as Spark's metrics system publishes them:
 * the newest step, and what was kept of the run. Zero before the first step.
 *
 * <p>Safe for use by many threads: sinks read while the training writes.
 */
public final class TrainMetrics {
  private static final TrainMetrics CURRENT = new TrainMetrics();

  private Optional<StepReport> report = Optional.empty(); // guarded by this, as all fields
  private Optional<StepCost> cost = Optional.empty();
  private Optional<Instant> kept = Optional.empty();
  private double tripletsPerSecond;
  private long bytesBroadcast;
  private long checkpointStep;
  private long version;

  private TrainMetrics() {}

  /** The figures of this driver: one training at a time. */
  static TrainMetrics current() {
    return CURRENT;
  }

  /**
   * Takes a step.
   *
   * @param seconds since the step before it
   * @param broadcast bytes of its parameters
   */
  synchronized void step(StepReport step, StepCost where, double seconds, long broadcast) {
    report = Optional.of(step);
    cost = Optional.of(where);
    tripletsPerSecond = seconds > 0 ? step.rows() / seconds : 0;
    bytesBroadcast += broadcast;
  }

  /** Takes a checkpoint. */
  synchronized void checkpoint(long step, Instant when) {
    checkpointStep = step;
    kept = Optional.of(when);
  }

  /** Takes the version of a published head. */
  synchronized void published(long newest) {
    version = newest;
  }

  /**
   * Puts a gauge for each figure into a registry.
   *
   * @param clock what the age of a checkpoint is counted by
   */
  static void register(MetricRegistry registry, Clock clock) {
    gauges(clock).forEach(registry::register);
  }

  private static Map<String, Gauge<Double>> gauges(Clock clock) {
    Map<String, Gauge<Double>> gauges = new TreeMap<>();
    gauges.put("train.step", ofStep(report -> report.step() + 1));
    gauges.put("train.steps", ofStep(StepReport::steps));
    gauges.put("train.epoch", ofStep(report -> report.epoch() + 1));
    gauges.put("train.loss", ofStep(StepReport::loss));
    gauges.put("train.gradient-norm", ofStep(StepReport::gradientNorm));
    gauges.put("train.logit-scale", ofStep(StepReport::logitScale));
    gauges.put("train.learning-rate", ofStep(StepReport::learningRate));
    gauges.put("train.step.seconds", ofCost(StepCost::total));
    gauges.put("train.step.seconds.broadcast", ofCost(cost -> cost.broadcast() + cost.fetch()));
    gauges.put("train.step.seconds.compute", ofCost(StepCost::compute));
    gauges.put("train.step.seconds.reduce", ofCost(cost -> cost.exchange() + cost.sum()));
    gauges.put("train.step.seconds.update", ofCost(StepCost::update));
    gauges.put("train.triplets-per-second", of(metrics -> metrics.tripletsPerSecond));
    gauges.put("train.bytes-broadcast", of(metrics -> metrics.bytesBroadcast));
    gauges.put("train.checkpoint.step", of(metrics -> metrics.checkpointStep));
    gauges.put("train.checkpoint.age-seconds", of(metrics -> metrics.age(clock)));
    gauges.put("train.version", of(metrics -> metrics.version));
    return gauges;
  }

  private double age(Clock clock) {
    return kept.map(when -> Duration.between(when, clock.instant()).toMillis() / 1e3).orElse(0.0);
  }

  private static Gauge<Double> of(ToDoubleFunction<TrainMetrics> figure) {
    return () -> {
      synchronized (CURRENT) {
        return figure.applyAsDouble(CURRENT);
      }
    };
  }

  private static Gauge<Double> ofStep(ToDoubleFunction<StepReport> figure) {
    return of(metrics -> metrics.report.map(figure::applyAsDouble).orElse(0.0));
  }

  private static Gauge<Double> ofCost(ToDoubleFunction<StepCost> figure) {
    return of(metrics -> metrics.cost.map(figure::applyAsDouble).orElse(0.0));
  }
}
