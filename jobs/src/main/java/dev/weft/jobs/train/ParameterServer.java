package dev.weft.jobs.train;

import dev.weft.train.StepRequest;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The driver's side of steps that long-lived tasks fetch: hands the slices of one pass after the
 * other to whichever worker asks, with the parameters, and collects what they make of them. A
 * synchronous parameter server in the sense of Li et al., <em>Scaling Distributed Machine Learning
 * with the Parameter Server</em>, OSDI 2014, with one server.
 *
 * <p>Which worker computes a slice, or how often, changes nothing: a slice is a function of its
 * number and the parameters, and the results are kept by number. Safe to call from any thread.
 */
final class ParameterServer {
  private static final byte[] NONE = new byte[0];

  /** How long a worker waits before it asks again, where work is expected any moment. */
  private static final int SOON_MICROS = 300;

  /** What many workers that ask at once take of the driver, each. */
  private static final int EACH_MICROS = 50;

  /** How long a worker waits while others compute. */
  private static final int BUSY_MICROS = 3000;

  private StepRequest request = new StepRequest(0, 0, 0, NONE, 1);
  private StepTask.Pass pass = StepTask.Pass.GRADIENT;
  private long ticket;
  private boolean over;
  private long posted;
  private long taken; // when the last slice was first taken
  private final Deque<Integer> free = new ArrayDeque<>();
  private final Map<Integer, Hand> hands = new HashMap<>();
  private SliceResult[] results = new SliceResult[0];
  private int missing;

  /**
   * Who computes a slice.
   *
   * @param worker the number of its task in Spark
   * @param since when it took it, {@link System#nanoTime}
   */
  record Hand(long worker, long since) {}

  /**
   * Begins a pass; the one before is over.
   *
   * @param slices how many there are
   */
  synchronized void post(StepRequest next, StepTask.Pass what, int slices) {
    long now = System.nanoTime();
    posted = now;
    taken = now;
    request = next;
    pass = what;
    over = false;
    ticket++;
    hands.clear();
    free.clear();
    for (int slice = 0; slice < slices; slice++) {
      free.add(slice);
    }
    results = new SliceResult[slices];
    missing = slices;
  }

  /** Takes a worker's result, and gives it its next slice. */
  synchronized ServerMessage.Answer answer(ServerMessage.Ask ask) {
    boolean wanted = ask.ticket() == ticket && ask.result().isPresent();
    if (wanted && results[ask.slice()] == null) {
      results[ask.slice()] = ask.result().get();
      hands.remove(ask.slice());
      free.remove(ask.slice()); // if it was taken back from this worker
      missing--;
      notifyAll();
    }
    if (over) {
      return new ServerMessage.Leave();
    }
    Integer slice = free.poll();
    if (slice == null) {
      return new ServerMessage.Wait(pause());
    }
    taken = System.nanoTime();
    hands.put(slice, new Hand(ask.worker(), taken));
    StepRequest told = ask.step() == request.step() ? request.withParameters(NONE) : request;
    return new ServerMessage.Work(ticket, pass, slice, told);
  }

  /**
   * Short where only the driver is at work; while slices are missing, for as long as the driver
   * takes anyway between the last of them and the next pass.
   */
  private int pause() {
    int soon = Math.max(SOON_MICROS, results.length * EACH_MICROS);
    return missing == 0 ? soon : Math.max(soon, BUSY_MICROS);
  }

  /**
   * A worker is no more: what it had in hand is for others.
   *
   * @return a slice that it had, if any
   */
  synchronized OptionalInt gone(long worker) {
    OptionalInt had = OptionalInt.empty();
    for (Map.Entry<Integer, Hand> hand : Map.copyOf(hands).entrySet()) {
      if (hand.getValue().worker() == worker) {
        hands.remove(hand.getKey());
        free.addFirst(hand.getKey());
        had = OptionalInt.of(hand.getKey());
      }
    }
    return had;
  }

  /** All workers are no more. */
  synchronized void allGone() {
    hands.values().stream().map(Hand::worker).distinct().toList().forEach(this::gone);
  }

  /** Sends the workers away when they ask, until the next pass. */
  synchronized void sendAway() {
    over = true;
  }

  /** The results in the order of their slices, if all are there within a time. */
  synchronized Optional<List<SliceResult>> await(long millis) {
    long deadline = System.nanoTime() + millis * 1_000_000;
    try {
      while (missing > 0) {
        long left = (deadline - System.nanoTime()) / 1_000_000;
        if (left <= 0) {
          return Optional.empty();
        }
        wait(left);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("stopped while waiting for slices", e);
    }
    return Optional.of(new ArrayList<>(Arrays.asList(results)));
  }

  /** Who has which slice in hand. */
  synchronized Map<Integer, Hand> hands() {
    return Map.copyOf(hands);
  }

  /** When the pass was begun, and when its last slice was taken; {@link System#nanoTime}. */
  synchronized long posted() {
    return posted;
  }

  synchronized long taken() {
    return taken;
  }
}
