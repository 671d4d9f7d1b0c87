package dev.weft.jobs.align;

import dev.weft.align.AlignRequest;
import dev.weft.align.AlignWorkers;
import dev.weft.align.Embeddings;
import dev.weft.align.PartialGradient;
import dev.weft.align.SymmetricLoss;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/**
 * Runs each pass of a step as one Spark job with a task per slice. Results come back in slice
 * order, and a task that runs twice returns the same bytes, so failures change nothing.
 *
 * <p>Used by the driver's main thread.
 */
final class SparkWorkers implements AlignWorkers, AutoCloseable {
  private final JavaSparkContext context;
  private final Broadcast<BroadcastRows> rows;
  private final int count;
  private final JavaRDD<Integer> slices;
  private Optional<Sent> sent = Optional.empty();

  /** A request and its broadcast: both passes of a step use the same. */
  private record Sent(AlignRequest request, Broadcast<AlignRequest> broadcast) {}

  /** What pass 2 needs besides. */
  private record Batch(Embeddings all, SymmetricLoss.Normalizers normalizers)
      implements Serializable {}

  /**
   * Spreads the rows.
   *
   * @param count slices of a batch, at least 1
   */
  SparkWorkers(JavaSparkContext context, BroadcastRows rows, int count) {
    this.context = context;
    this.rows = context.broadcast(rows);
    this.count = count;
    this.slices = context.parallelize(IntStream.range(0, count).boxed().toList(), count);
  }

  @Override
  public List<Embeddings> embed(AlignRequest request) {
    return embed(slices, rows, send(request), count);
  }

  @Override
  public List<PartialGradient> gradient(
      AlignRequest request, Embeddings all, SymmetricLoss.Normalizers normalizers) {
    Broadcast<Batch> batch = context.broadcast(new Batch(all, normalizers));
    try {
      return gradient(slices, rows, send(request), batch, count);
    } finally {
      batch.destroy();
    }
  }

  /** Static, so that a task gets the broadcasts and not this object. */
  private static List<Embeddings> embed(
      JavaRDD<Integer> slices,
      Broadcast<BroadcastRows> rows,
      Broadcast<AlignRequest> request,
      int count) {
    return slices
        .map(slice -> SliceWorker.of(rows.value()).embed(request.value(), slice, count))
        .collect();
  }

  private static List<PartialGradient> gradient(
      JavaRDD<Integer> slices,
      Broadcast<BroadcastRows> rows,
      Broadcast<AlignRequest> request,
      Broadcast<Batch> batch,
      int count) {
    return slices
        .map(
            slice ->
                SliceWorker.of(rows.value())
                    .gradient(
                        request.value(),
                        batch.value().all(),
                        batch.value().normalizers(),
                        slice,
                        count))
        .collect();
  }

  @SuppressWarnings("ReferenceEquality") // the very same request, not an equal one
  private Broadcast<AlignRequest> send(AlignRequest request) {
    if (sent.isEmpty() || sent.get().request() != request) {
      sent.ifPresent(old -> old.broadcast().destroy());
      sent = Optional.of(new Sent(request, context.broadcast(request)));
    }
    return sent.get().broadcast();
  }

  @Override
  public void close() {
    sent.ifPresent(last -> last.broadcast().destroy());
    rows.destroy();
  }
}
