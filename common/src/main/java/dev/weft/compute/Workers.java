package dev.weft.compute;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A few threads that share out numbered pieces of work, each piece to whoever is free. What a piece
 * does must not depend on which worker does it, or the result would depend on timing.
 *
 * <p>The threads are daemons and end with {@link #close}. Calls from several threads at once are
 * answered one after the other by the same workers, each call's pieces in turn.
 */
public final class Workers implements AutoCloseable {
  private final int count;
  private final ExecutorService threads;

  /**
   * Starts the threads.
   *
   * @param count how many work at once, at least 1
   */
  public Workers(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("work needs at least one worker, not " + count);
    }
    this.count = count;
    threads =
        Executors.newFixedThreadPool(
            count,
            task -> {
              Thread thread = new Thread(task, "weft-worker");
              thread.setDaemon(true);
              return thread;
            });
  }

  /** One piece of work. */
  @FunctionalInterface
  public interface Work {
    /**
     * Does it.
     *
     * @param worker number of the worker, for scratch memory of its own
     * @param piece number of the piece
     */
    void run(int worker, int piece);
  }

  /** How many pieces are worked on at once. */
  public int count() {
    return count;
  }

  /** Does all pieces 0 to {@code pieces - 1}, and returns when the last is done. */
  public void run(int pieces, Work work) {
    int needed = Math.min(count, pieces);
    if (needed <= 1) {
      for (int piece = 0; piece < pieces; piece++) {
        work.run(0, piece);
      }
      return;
    }
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> running = new ArrayList<>();
    for (int worker = 0; worker < needed; worker++) {
      int number = worker;
      running.add(
          threads.submit(
              () -> {
                for (int piece = next.getAndIncrement();
                    piece < pieces;
                    piece = next.getAndIncrement()) {
                  work.run(number, piece);
                }
              }));
    }
    RuntimeException failure = null;
    for (Future<?> one : running) { // all of them: none may outlive the memory it works on
      failure = after(one, failure, () -> next.set(pieces));
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static RuntimeException after(Future<?> one, RuntimeException earlier, Runnable stop) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          one.get();
          return earlier;
        } catch (InterruptedException e) {
          interrupted = true;
          stop.run();
        } catch (ExecutionException e) {
          stop.run();
          if (e.getCause() instanceof Error error) {
            throw error;
          }
          return earlier == null ? (RuntimeException) e.getCause() : earlier;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
