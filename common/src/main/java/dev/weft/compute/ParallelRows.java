package dev.weft.compute;

import java.util.concurrent.ForkJoinPool;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

/**
 * Loops over rows that do not depend on each other, on as many threads as the native operations
 * have between which they run.
 *
 * <p>The pool is the process's own: the common pool has as many threads as the machine, whatever
 * share of it Spark gave to this process.
 */
public final class ParallelRows {
  private ParallelRows() {}

  /** Made when first used. */
  private static final class Pool {
    private static final ForkJoinPool SHARED =
        new ForkJoinPool(Math.max(1, NativeBackend.load().threads()));
  }

  /**
   * Does the work of every row; which thread does which is left open.
   *
   * @param count number of rows
   * @param work takes a row, from 0
   */
  public static void forEach(int count, IntConsumer work) {
    Pool.SHARED.submit(() -> IntStream.range(0, count).parallel().forEach(work)).join();
  }
}
