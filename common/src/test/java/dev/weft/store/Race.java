package dev.weft.store;

import dev.weft.WeftException;
import dev.weft.store.FaultFileSystem.Fault;
import dev.weft.store.FaultFileSystem.Killed;
import dev.weft.store.FaultFileSystem.Moment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.fs.Path;

/**
 * Processes that work on one store at once: their calls take turns as drawn by lot, and each may be
 * hit by a fault at a certain moment of its own. The same seed gives the same run.
 */
final class Race implements Fault {
  /** What happens to a process at a moment. */
  enum Blow {
    /** It is gone: this call and all later ones do nothing. */
    CRASH,
    /**
     * The call throws. Before it happened that is an error; after it happened, an unknown outcome.
     */
    THROW
  }

  /**
   * A fault of one process.
   *
   * @param process which, from 0
   * @param moment at which moment of that process, from 0; every call has one before and one after
   * @param blow what happens
   */
  record Hit(int process, int moment, Blow blow) {}

  /**
   * How a process ended: with a snapshot, a failure, or neither.
   *
   * @param snapshot what it committed
   * @param failure why it gave up; empty if it was killed or committed
   */
  record End(Optional<Snapshot> snapshot, Optional<WeftException> failure) {
    boolean killed() {
      return snapshot.isEmpty() && failure.isEmpty();
    }
  }

  private final SplittableRandom lots;
  private final List<Hit> hits;
  private final ThreadLocal<Integer> process = ThreadLocal.withInitial(() -> -1);
  private final List<Integer> present = new ArrayList<>();
  private final int[] moments;
  private final boolean[] dead;
  private int next;

  private Race(long seed, List<Hit> hits, int processes) {
    lots = new SplittableRandom(seed);
    this.hits = hits;
    moments = new int[processes];
    dead = new boolean[processes];
    for (int i = 0; i < processes; i++) {
      present.add(i);
    }
    next = lots.nextInt(processes);
  }

  /**
   * Runs processes to their ends on the fault file system.
   *
   * @param seed draws the turns
   * @param hits the faults
   * @param processes their work; null where there is nothing to commit
   */
  static List<End> run(long seed, List<Hit> hits, List<Callable<Snapshot>> processes)
      throws Exception {
    Race race = new Race(seed, hits, processes.size());
    ExecutorService threads = Executors.newFixedThreadPool(processes.size());
    try {
      FaultFileSystem.inject(race);
      List<Future<Snapshot>> running = new ArrayList<>();
      for (int i = 0; i < processes.size(); i++) {
        int number = i;
        running.add(threads.submit(() -> race.taking(number, processes.get(number))));
      }
      List<End> ends = new ArrayList<>();
      for (Future<Snapshot> one : running) {
        ends.add(end(one));
      }
      return ends;
    } finally {
      threads.shutdownNow();
    }
  }

  private static End end(Future<Snapshot> running) throws Exception {
    try {
      return new End(Optional.ofNullable(running.get()), Optional.empty());
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Killed) {
        return new End(Optional.empty(), Optional.empty());
      }
      if (e.getCause() instanceof WeftException failure) {
        return new End(Optional.empty(), Optional.of(failure));
      }
      throw e;
    }
  }

  private Snapshot taking(int number, Callable<Snapshot> work) throws Exception {
    process.set(number);
    try {
      return work.call();
    } finally {
      synchronized (this) {
        present.remove((Integer) number);
        draw();
      }
    }
  }

  private void draw() {
    if (!present.isEmpty()) {
      next = present.get(lots.nextInt(present.size()));
      notifyAll();
    }
  }

  @Override
  public synchronized void at(Moment moment, String call, Path path) throws IOException {
    int me = process.get();
    if (me < 0) {
      return;
    }
    if (moment == Moment.BEFORE) {
      await(me);
    }
    int now = moments[me]++;
    for (Hit hit : hits) {
      if (hit.process() == me && hit.moment() == now && !dead[me]) {
        dead[me] = hit.blow() == Blow.CRASH;
        if (!dead[me]) {
          throw new IOException("injected " + moment + " " + call + " " + path.getName());
        }
      }
    }
    if (dead[me]) {
      throw new Killed();
    }
  }

  /** A turn lasts from one call to the next. */
  private void await(int me) {
    if (next == me) {
      draw();
    }
    try {
      while (next != me) {
        wait();
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
