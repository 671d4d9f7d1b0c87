package dev.weft.ingest;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs decodes in threads of their own, so that a task goes on when one does not end; those that
 * are known to end soon in the thread of the task.
 *
 * <p>A decode that is over its time is interrupted: the decoders read through {@link
 * ByteArrayInput}, which then fails, so most end at once. Java cannot end a thread by force. One
 * that does not end is left behind, a daemon that keeps its memory and may keep a core, until the
 * JVM ends; at the fifth the JVM takes no more images, and Spark moves the task to another
 * executor.
 */
final class TimedDecode {
  private static final int MOST_LEFT_BEHIND = 4;
  private static final AtomicInteger THREADS = new AtomicInteger();
  private static final AtomicInteger LEFT_BEHIND = new AtomicInteger();

  private static final ExecutorService DECODERS =
      Executors.newCachedThreadPool(
          work -> {
            Thread thread = new Thread(work, "decode-image-" + THREADS.incrementAndGet());
            thread.setDaemon(true);
            return thread;
          });

  private TimedDecode() {}

  /**
   * Decodes in the thread of the caller, which costs no change of threads: for what ends soon,
   * whatever the file holds.
   *
   * @throws BadImageException what the decode says
   * @throws WeftException as {@link #run}
   */
  static <T> T here(Callable<T> decode) throws BadImageException {
    requireFewLeftBehind();
    try {
      return decode.call();
    } catch (Exception e) {
      throw rethrown(e);
    }
  }

  /**
   * Decodes within a time.
   *
   * @throws BadImageException what the decode says, or with the reason slow-image
   * @throws WeftException with {@link ExitCode#TRY_LATER} where too many decodes do not end
   */
  static RgbImage run(Callable<RgbImage> decode, int timeoutSeconds) throws BadImageException {
    requireFewLeftBehind();
    AtomicInteger ended = new AtomicInteger();
    Future<RgbImage> running =
        DECODERS.submit(
            () -> {
              try {
                return decode.call();
              } finally {
                if (!ended.compareAndSet(0, 1)) { // it was left behind, and ends after all
                  LEFT_BEHIND.decrementAndGet();
                }
              }
            });
    try {
      return running.get(timeoutSeconds, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      if (ended.compareAndSet(0, 1)) {
        LEFT_BEHIND.incrementAndGet();
      }
      running.cancel(true);
      throw new BadImageException(
          Reason.SLOW_IMAGE,
          "the file was not decoded within "
              + timeoutSeconds
              + " s, which is ingest.image-timeout-seconds",
          e);
    } catch (InterruptedException e) { // Spark ends the task
      running.cancel(true);
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while decoding an image", e);
    } catch (ExecutionException e) {
      throw rethrown(e.getCause());
    }
  }

  private static void requireFewLeftBehind() {
    if (LEFT_BEHIND.get() > MOST_LEFT_BEHIND) {
      throw new WeftException(
          ExitCode.TRY_LATER,
          "Cannot decode images: %d decodes in this process do not end, though their time is over."
              + " Run the same command again; if it fails so again, raise"
              + " ingest.image-timeout-seconds or take the images of the reason slow-image away.",
          LEFT_BEHIND.get());
    }
  }

  /** How many decodes are over their time and still running. */
  static int leftBehind() {
    return LEFT_BEHIND.get();
  }

  private static BadImageException rethrown(Throwable cause) {
    if (cause instanceof BadImageException bad) {
      return bad;
    }
    if (cause instanceof Error error) {
      throw error;
    }
    return new BadImageException(
        Reason.CORRUPT_IMAGE,
        "the file cannot be decoded: " + Entry.shown(String.valueOf(cause)),
        cause);
  }
}
