package dev.weft.jobs;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Says on standard error how far long work is: a bar that redraws itself on a terminal, a plain
 * line every ten seconds elsewhere.
 *
 * <p>One piece of work at a time; safe to call from any thread.
 */
public final class Progress {
  private static final long TERMINAL_NANOS = Duration.ofMillis(100).toNanos();
  private static final long PLAIN_NANOS = Duration.ofSeconds(10).toNanos();
  private static final int BAR = 24;

  private final PrintStream out;
  private final boolean terminal;
  private final LongSupplier nanoTime;

  private String work = "";
  private long total;
  private long done;
  private String note = "";
  private long startNanos;
  private long shownNanos;
  private boolean drawn;

  /**
   * Shows progress on the given stream.
   *
   * @param out where to write
   * @param terminal whether a carriage return redraws the line there
   * @param nanoTime the clock
   */
  public Progress(PrintStream out, boolean terminal, LongSupplier nanoTime) {
    this.out = out;
    this.terminal = terminal;
    this.nanoTime = nanoTime;
  }

  /** One plain line, above any bar. */
  public synchronized void say(String line) {
    wipe();
    out.println(line);
    out.flush();
  }

  /**
   * Begins a piece of work; an unfinished one is dropped.
   *
   * @param what in words, such as {@code train gated}
   * @param units how many units it has, 0 if not known
   */
  public synchronized void begin(String what, long units) {
    wipe();
    work = what;
    total = units;
    done = 0;
    note = "";
    startNanos = nanoTime.getAsLong();
    shownNanos = startNanos;
  }

  /**
   * Sets how many units are done.
   *
   * @param units done so far
   * @param remark what else to show, such as the loss
   */
  public synchronized void at(long units, String remark) {
    done = units;
    note = remark;
    long now = nanoTime.getAsLong();
    if (now - shownNanos < (terminal ? TERMINAL_NANOS : PLAIN_NANOS)) {
      return;
    }
    shownNanos = now;
    if (!terminal) {
      out.println(line(now));
      out.flush();
      return;
    }
    out.print("\r" + line(now) + "\u001b[K");
    out.flush();
    drawn = true;
  }

  /** Whether no piece of work has begun that has not ended. */
  synchronized boolean idle() {
    return work.isEmpty();
  }

  /** Ends the piece of work and takes its bar away. */
  public synchronized void end() {
    wipe();
    work = "";
  }

  private String line(long now) {
    double seconds = (now - startNanos) / 1e9;
    StringBuilder text = new StringBuilder("  ").append(work);
    if (total > 0) {
      double share = Math.min(1.0, (double) done / total);
      if (terminal) {
        int full = (int) (share * BAR);
        text.append(" [").append("=".repeat(full)).append(" ".repeat(BAR - full)).append("]");
      }
      text.append(String.format(Locale.ROOT, " %d/%d (%.0f%%)", done, total, 100 * share));
      if (done > 0) {
        text.append(", ").append(duration(seconds / done * (total - done))).append(" left");
      }
    } else {
      text.append(" ").append(done);
    }
    return note.isEmpty() ? text.toString() : text.append(", ").append(note).toString();
  }

  private void wipe() {
    if (drawn) {
      out.print("\r\u001b[K");
      drawn = false;
    }
  }

  /** A duration as people say it: {@code 8 s}, {@code 3 min 20 s}, {@code 2 h 5 min}. */
  static String duration(double seconds) {
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + " s";
    }
    return whole < 3600
        ? whole / 60 + " min " + whole % 60 + " s"
        : whole / 3600 + " h " + whole % 3600 / 60 + " min";
  }
}
