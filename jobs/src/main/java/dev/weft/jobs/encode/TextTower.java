package dev.weft.jobs.encode;

import dev.weft.encode.BgeTextTower;
import org.apache.spark.TaskContext;

/**
 * The frozen text tower of this JVM: loaded once, shared by all tasks and all starter encoders, and
 * there until the JVM ends.
 *
 * <p>It has as many threads as a task has cores. With one, each task runs its own texts on the one
 * session, which is as fast as threads are and needs no pool.
 */
public final class TextTower {
  private TextTower() {}

  /** The tower, safe for concurrent use; nobody closes it. */
  public static BgeTextTower shared() {
    return Loaded.TOWER;
  }

  /** Initialised by the class loader, once and under its lock. */
  private static final class Loaded {
    private static final BgeTextTower TOWER = BgeTextTower.load(cores());

    private static int cores() {
      TaskContext task = TaskContext.get();
      return task == null ? 1 : task.cpus();
    }
  }
}
