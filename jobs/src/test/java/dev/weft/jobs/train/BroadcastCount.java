package dev.weft.jobs.train;

import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
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
 * Counts, at the beginning and the end of every job of a training, the broadcasts that the driver
 * holds, and says at the end how many there were at most: {@code spark.extraListeners} of the soak.
 *
 * <p>Ours are bytes: the training rows and the parameters of a step. What reading the rows left
 * (tables of joins, settings of files), Spark lets go when the driver collects garbage; those are
 * told apart by their class. Under 64 KiB nothing counts: that is the code of every stage.
 */
public final class BroadcastCount extends SparkListener {
  /** Before the numbers, on standard error: ours, and Spark's. */
  static final String SAID = "broadcasts alive at most: ";

  private static final long SMALL = 64 << 10;

  private int jobs;
  private int ours;
  private int others;

  @Override
  public void onJobStart(SparkListenerJobStart job) {
    jobs += job.properties().getProperty("spark.job.description", "").startsWith("train ") ? 1 : 0;
    count();
  }

  @Override
  public void onJobEnd(SparkListenerJobEnd job) {
    count();
  }

  private void count() {
    if (jobs == 0) {
      return;
    }
    BlockManager blocks = SparkEnv.get().blockManager();
    Map<Long, String> kinds = new TreeMap<>();
    Map<Long, Long> bytes = new HashMap<>();
    for (BlockId any :
        CollectionConverters.asJava(blocks.getMatchingBlockIds(BlockId::isBroadcast))) {
      BroadcastBlockId id = (BroadcastBlockId) any;
      boolean whole = id.field().isEmpty(); // not one of the pieces that are sent
      kinds.merge(id.broadcastId(), whole ? kind(blocks, id) : "", (one, two) -> one + two);
      var status = blocks.getStatus(id);
      bytes.merge(id.broadcastId(), status.isDefined() ? status.get().memSize() : 0, Math::max);
    }
    kinds.keySet().removeIf(id -> bytes.get(id) < SMALL);
    int found = (int) kinds.values().stream().filter("byte[]"::equals).count();
    if (found > Math.max(ours, 1)) {
      System.err.println("broadcasts alive in job " + jobs + ": " + kinds);
    }
    ours = Math.max(ours, found);
    others = Math.max(others, kinds.size() - found);
  }

  private static String kind(BlockManager blocks, BlockId id) {
    var values = blocks.memoryStore().getValues(id);
    boolean there = values.isDefined() && values.get().hasNext();
    return there ? values.get().next().getClass().getSimpleName() : "";
  }

  @Override
  public void onApplicationEnd(SparkListenerApplicationEnd end) {
    System.err.println(SAID + ours + " " + others);
  }
}
