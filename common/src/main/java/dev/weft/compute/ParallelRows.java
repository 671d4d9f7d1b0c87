package dev.weft.compute;

import java.util.function.IntConsumer;

/**
 * Loops over rows that do not depend on each other, on as many threads as the native operations
 * have between which they run.
 *
 * <p>The threads are the process's own: Java's common pool has as many as the machine, whatever
 * share of it Spark gave to this process.
 */
public final class ParallelRows {
  private ParallelRows() {}

  /** Made when first used. */
  private static final class Shared {
    private static final RowTeam TEAM = new RowTeam(NativeBackend.load().threads());
  }

  /**
   * Does the work of every row; which thread does which is left open.
   *
   * @param count number of rows
   * @param work takes a row, from 0
   */
  public static void forEach(int count, IntConsumer work) {
    Shared.TEAM.forEach(count, work);
  }
}
