package dev.weft.jobs.align;

import dev.weft.align.AlignRequest;
import dev.weft.align.AlignRow;
import dev.weft.align.AlignStep;
import dev.weft.align.Embeddings;
import dev.weft.align.PartialGradient;
import dev.weft.align.SymmetricLoss;
import java.lang.ref.SoftReference;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;

/**
 * What a JVM keeps from task to task of one training: the rows and the networks.
 *
 * <p>It is held softly: where memory is needed after the training it goes, and a task that misses
 * it builds it again. Safe for concurrent use: each task has a network of its own while it runs.
 */
final class SliceWorker {
  private static SoftReference<SliceWorker> held = new SoftReference<>(null); // guarded by class

  private final BroadcastRows data;
  private final List<AlignRow> rows;
  private final Deque<Idle> idle = new ArrayDeque<>(); // guarded by itself

  /**
   * A network nobody uses.
   *
   * @param step with the activations of what it did last
   * @param slice which slice that was
   */
  private record Idle(AlignStep step, int slice) {}

  private SliceWorker(BroadcastRows data) {
    this.data = data;
    this.rows = data.rows();
  }

  /** The worker of this JVM. */
  static synchronized SliceWorker of(BroadcastRows data) {
    SliceWorker worker = held.get();
    if (worker == null || !worker.data.run().equals(data.run())) {
      worker = new SliceWorker(data);
      held = new SoftReference<>(worker);
    }
    return worker;
  }

  /**
   * Pass 1.
   *
   * @param slice from 0
   * @param slices of the batch, in all
   */
  Embeddings embed(AlignRequest request, int slice, int slices) {
    AlignStep step = take(slice);
    Embeddings result = step.embed(request, rows(request, slice, slices));
    give(step, slice);
    return result;
  }

  /**
   * Pass 2.
   *
   * @param slice from 0
   * @param slices of the batch, in all
   */
  PartialGradient gradient(
      AlignRequest request,
      Embeddings all,
      SymmetricLoss.Normalizers normalizers,
      int slice,
      int slices) {
    AlignStep step = take(slice);
    PartialGradient result =
        step.gradient(
            request, rows(request, slice, slices), start(request, slice, slices), all, normalizers);
    give(step, slice);
    return result;
  }

  private List<AlignRow> rows(AlignRequest request, int slice, int slices) {
    return Arrays.stream(
            request.rows(), start(request, slice, slices), start(request, slice + 1, slices))
        .mapToObj(rows::get)
        .toList();
  }

  private static int start(AlignRequest request, int slice, int slices) {
    return (int) ((long) request.rows().length * slice / slices);
  }

  /** The network that did this slice last, if it is free: pass 2 then need not repeat pass 1. */
  private AlignStep take(int slice) {
    synchronized (idle) {
      for (Iterator<Idle> all = idle.iterator(); all.hasNext(); ) {
        Idle candidate = all.next();
        if (candidate.slice() == slice) {
          all.remove();
          return candidate.step();
        }
      }
      if (!idle.isEmpty()) {
        return idle.pop().step();
      }
    }
    return data.model().step(data.seed());
  }

  private void give(AlignStep step, int slice) {
    synchronized (idle) {
      idle.add(new Idle(step, slice));
    }
  }
}
