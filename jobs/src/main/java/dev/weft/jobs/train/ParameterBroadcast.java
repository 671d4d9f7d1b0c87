package dev.weft.jobs.train;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The parameters of one step after the other, of which all workers hold one set at a time.
 *
 * <p>Spark removes a destroyed broadcast at its leisure: on a busy driver several sets of
 * parameters would be in memory at once. So a removal is waited for, by a thread of its own while
 * the driver adds up and moves the parameters; the next set goes out when it is done.
 */
final class ParameterBroadcast implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ParameterBroadcast.class);

  /**
   * A worker that does not answer is no reason to wait longer: Spark removes it sooner or later.
   */
  private static final int PATIENCE_SECONDS = 5;

  private static final ExecutorService REMOVER =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "weft-broadcast-removal");
            thread.setDaemon(true);
            return thread;
          });

  private final JavaSparkContext spark;
  private Optional<Broadcast<byte[]>> sent = Optional.empty();
  private CompletableFuture<Void> removal = CompletableFuture.completedFuture(null);

  ParameterBroadcast(JavaSparkContext spark) {
    this.spark = spark;
  }

  /** Whether a set is out. */
  boolean isOut() {
    return sent.isPresent();
  }

  /** The set that is out; hands this one out if none is. */
  Broadcast<byte[]> send(byte[] parameters) {
    if (sent.isEmpty()) {
      awaitRemoval();
      sent = Optional.of(spark.broadcast(parameters));
    }
    return sent.get();
  }

  /** Takes back what is out, if anything. */
  void forget() {
    if (sent.isPresent()) {
      Broadcast<byte[]> old = sent.get();
      removal = CompletableFuture.runAsync(() -> old.destroy(/* blocking= */ true), REMOVER);
      sent = Optional.empty();
    }
  }

  /** The end of the steps; Spark may be stopped after it. */
  @Override
  public void close() {
    forget();
    awaitRemoval();
  }

  private void awaitRemoval() {
    try {
      removal.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      LOG.warn("The parameters of the last step are still on a worker: {}", String.valueOf(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("stopped while waiting for a broadcast to go", e);
    }
  }
}
