package dev.weft.compute;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntConsumer;

/**
 * The threads behind {@link ParallelRows}: the caller and some helpers, who wait awake for a moment
 * before they sleep.
 *
 * <p>A training step is some thirty short loops, one right after the other. To put a thread to
 * sleep and wake it costs as much as such a loop, so a pool that does so for each gains nothing
 * from its second thread.
 *
 * <p>Safe to call from any thread. While one call runs, another does its rows by itself, and so
 * does a call from within a row.
 */
final class RowTeam {
  /** How long a helper waits awake for the next loop. */
  private static final long AWAKE_NANOS = TimeUnit.MICROSECONDS.toNanos(50);

  private static final long NAP_NANOS = TimeUnit.MICROSECONDS.toNanos(20);
  private static final int CHUNKS_PER_THREAD = 8;
  private static final Round NONE = new Round(0, 1, row -> {});

  private final List<Helper> helpers = new ArrayList<>();
  private final ReentrantLock taken = new ReentrantLock();
  private volatile Round round = NONE;

  /**
   * @param threads how many work on a loop, the caller among them; the helpers are daemons
   */
  RowTeam(int threads) {
    for (int i = 1; i < threads; i++) {
      Helper helper = new Helper("weft-rows-" + i);
      helpers.add(helper);
      helper.start();
    }
  }

  /** Does the work of every row; an exception of one ends the call after the others. */
  void forEach(int count, IntConsumer work) {
    boolean alone = count < 2 || helpers.isEmpty() || Thread.currentThread() instanceof Helper;
    if (alone || taken.isHeldByCurrentThread() || !taken.tryLock()) {
      for (int row = 0; row < count; row++) {
        work.accept(row);
      }
      return;
    }
    try {
      Round mine = new Round(count, Math.max(1, count / chunks()), work);
      round = mine;
      helpers.forEach(Helper::wake);
      mine.work();
      mine.await();
    } finally {
      round = NONE; // what the work holds may go
      taken.unlock();
    }
  }

  private int chunks() {
    return (helpers.size() + 1) * CHUNKS_PER_THREAD;
  }

  /** One loop. Who comes too late finds nothing left. */
  private static final class Round {
    private final int count;
    private final int chunk;
    private final IntConsumer work;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger done = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    Round(int count, int chunk, IntConsumer work) {
      this.count = count;
      this.chunk = chunk;
      this.work = work;
    }

    void work() {
      for (int from = next.getAndAdd(chunk); from < count; from = next.getAndAdd(chunk)) {
        int to = Math.min(count, from + chunk);
        try {
          for (int row = from; row < to; row++) {
            work.accept(row);
          }
        } catch (RuntimeException | Error e) {
          failure.compareAndSet(null, e);
        }
        done.addAndGet(to - from);
      }
    }

    /** Returns when every row is done, whoever did it. */
    void await() {
      long awake = System.nanoTime() + AWAKE_NANOS;
      while (done.get() < count) {
        if (System.nanoTime() < awake) {
          Thread.onSpinWait();
        } else {
          LockSupport.parkNanos(NAP_NANOS);
        }
      }
      if (failure.get() instanceof RuntimeException e) {
        throw e;
      }
      if (failure.get() instanceof Error e) {
        throw e;
      }
    }
  }

  private final class Helper extends Thread {
    private volatile boolean asleep;

    Helper(String name) {
      super(name);
      setDaemon(true);
    }

    @Override
    public void run() {
      Round last = NONE;
      while (true) {
        last = following(last);
        last.work();
      }
    }

    /** The next round that is another than the last. */
    private Round following(Round last) {
      long awake = System.nanoTime() + AWAKE_NANOS;
      while (true) {
        Round now = round;
        if (now != last && now != NONE) {
          return now;
        }
        if (System.nanoTime() < awake) {
          Thread.onSpinWait();
          continue;
        }
        asleep = true; // seen by whoever sets a round after this; a round set before is seen here
        if (round == now) {
          LockSupport.park(this);
        }
        asleep = false;
        awake = System.nanoTime() + AWAKE_NANOS;
      }
    }

    void wake() {
      if (asleep) {
        LockSupport.unpark(this);
      }
    }
  }
}
