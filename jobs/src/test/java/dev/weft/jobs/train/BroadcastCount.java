package dev.weft.jobs.train;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.SparkEnv;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerApplicationEnd;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.storage.BlockId;
import org.apache.spark.storage.BlockManager;
import org.apache.spark.storage.BroadcastBlockId;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Counts, at the end of every step, the broadcasts that the driver holds, and says at the end how
 * many there were at most: {@code spark.extraListeners} of the soak.
 *
 * <p>Those under 64 KiB do not count: Spark sends the code of every stage as a broadcast of its own
 * and lets it go when the driver collects garbage.
 */
public final class BroadcastCount extends SparkListener {
  /** Before the number, on standard error. */
  static final String SAID = "broadcasts alive at most: ";

  private static final long SMALL = 64 << 10;

  /** Until then there are still the joins by which the rows were read. */
  private static final int FIRST_STEPS = 500;

  private static final int EXPECTED = 2; // the training rows, the parameters of the step
  private static final int LOOKS = 10;

  private int steps;
  private int most;

  @Override
  public void onJobStart(SparkListenerJobStart job) {
    String description = job.properties().getProperty("spark.job.description", "");
    if (description.startsWith("train ")) {
      steps++;
    }
  }

  @Override
  public void onJobEnd(SparkListenerJobEnd job) {
    if (steps > FIRST_STEPS) {
      int count = count();
      for (int look = 0; count > EXPECTED && look < LOOKS; look++) {
        pause(); // a broadcast that was destroyed takes a moment to go
        count = Math.min(count, count());
      }
      if (count > Math.max(EXPECTED, most)) {
        System.err.println("broadcasts alive after step " + steps + ": " + bytes());
      }
      most = Math.max(most, count);
    }
  }

  private static void pause() {
    try {
      Thread.sleep(10);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int count() {
    return (int) bytes().values().stream().filter(size -> size >= SMALL).count();
  }

  /** Size of each broadcast by its number. */
  private static Map<Long, Long> bytes() {
    BlockManager blocks = SparkEnv.get().blockManager();
    Map<Long, Long> bytes = new HashMap<>();
    for (BlockId id :
        CollectionConverters.asJava(blocks.getMatchingBlockIds(BlockId::isBroadcast))) {
      var status = blocks.getStatus(id);
      if (status.isDefined()) {
        long size = status.get().memSize() + status.get().diskSize();
        bytes.merge(((BroadcastBlockId) id).broadcastId(), size, Math::max);
      }
    }
    return bytes;
  }

  @Override
  public void onApplicationEnd(SparkListenerApplicationEnd end) {
    System.err.println(SAID + most);
  }
}
