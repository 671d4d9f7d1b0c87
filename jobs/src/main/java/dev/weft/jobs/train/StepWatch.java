package dev.weft.jobs.train;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.TaskFailedReason;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.TaskInfo;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Watches over the jobs of a training run, one at a time: a job that takes too long is cancelled,
 * and a failure is said with what failed first, and where.
 *
 * <p>Spark waits for a stuck task for ever, and tells of a task that failed again and again only
 * how it failed the last time.
 */
final class StepWatch extends SparkListener {
  private static final String TAG = "weft-train-step-";

  /** Where Spark keeps the tags of a job. */
  private static final String JOB_TAGS = "spark.job.tags";

  private static final long LISTENERS_MILLIS = 5000;

  private final SparkContext spark;
  private final Duration patience;
  private final ToIntFunction<TaskInfo> partition;
  private static final ScheduledThreadPoolExecutor TIMER = timer();
  private final Set<Integer> stages = ConcurrentHashMap.newKeySet(); // of the job
  private final Map<Long, TaskInfo> running = new ConcurrentHashMap<>();
  private final List<Failure> failures = new CopyOnWriteArrayList<>();
  private volatile String stuck = "";
  private volatile String tag = "";
  private long jobs;

  /**
   * A task that ended without a result.
   *
   * @param partition its slice
   * @param worker executor and host, in words
   * @param why the exception and its message, or how the executor was lost
   */
  private record Failure(int partition, String worker, String why) {}

  /**
   * @param patience how long a job may take
   */
  StepWatch(SparkContext spark, Duration patience) {
    this(spark, patience, TaskInfo::index);
  }

  /**
   * @param partition told of every task that ended; gives the slice that it worked on
   */
  StepWatch(SparkContext spark, Duration patience, ToIntFunction<TaskInfo> partition) {
    this.spark = spark;
    this.patience = patience;
    this.partition = partition;
  }

  /** Other jobs, and what is left of one that was cancelled before, are none of our business. */
  @Override
  public void onJobStart(SparkListenerJobStart start) {
    String tags = start.properties().getProperty(JOB_TAGS, "");
    if (List.of(tags.split(",")).contains(tag)) {
      CollectionConverters.asJava(start.stageIds()).forEach(id -> stages.add((Integer) id));
    }
  }

  private static ScheduledThreadPoolExecutor timer() {
    ScheduledThreadPoolExecutor timer =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "weft-step-watch");
              thread.setDaemon(true);
              return thread;
            });
    timer.setRemoveOnCancelPolicy(true); // or each step's alarm would stay until its time
    return timer;
  }

  @Override
  public void onTaskStart(SparkListenerTaskStart start) {
    if (stages.contains(start.stageId())) {
      running.put(start.taskInfo().taskId(), start.taskInfo());
    }
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd end) {
    TaskInfo task = end.taskInfo();
    running.remove(task.taskId());
    if (!stages.contains(end.stageId())) {
      return;
    }
    int slice = partition.applyAsInt(task);
    if (end.reason() instanceof TaskFailedReason reason) {
      String why =
          reason instanceof ExceptionFailure thrown
              ? thrown.className() + ": " + thrown.description()
              : reason.toErrorString();
      failures.add(new Failure(slice, worker(task), firstLine(why)));
    }
  }

  private static String firstLine(String text) {
    return text.lines().findFirst().orElse("no reason given");
  }

  private static String worker(TaskInfo task) {
    return "executor " + task.executorId() + " on " + task.host();
  }

  /**
   * Runs one job, with a limit.
   *
   * @param what the job in words, such as {@code step 12 of the gated head}
   * @throws WeftException if the job failed, or took too long
   */
  <T> T guard(String what, Supplier<T> job) {
    begin();
    ScheduledFuture<?> alarm =
        TIMER.schedule(this::giveUp, patience.toMillis(), TimeUnit.MILLISECONDS);
    try {
      return job.get();
    } catch (Exception e) { // Spark throws checked exceptions that it does not declare
      throw plain(what, e);
    } finally {
      alarm.cancel(false);
      end();
    }
  }

  /** Watches the jobs that this thread begins from now on. */
  void begin() {
    stuck = "";
    tag = TAG + ++jobs;
    stages.clear();
    failures.clear();
    running.clear();
    spark.addSparkListener(this);
    spark.addJobTag(tag);
  }

  /** The end of what {@link #begin} began. */
  void end() {
    spark.removeJobTag(tag);
    spark.removeSparkListener(this);
  }

  private void giveUp() {
    long now = System.currentTimeMillis();
    cancel(
        running.values().stream()
            .sorted(Comparator.comparingInt(TaskInfo::index))
            .map(task -> work(task.index(), task, (now - task.launchTime()) / 1000))
            .toList());
  }

  /** Cancels the job, which takes too long because of some tasks. */
  void cancel(List<String> tasks) {
    stuck =
        tasks.isEmpty()
            ? "no executor has taken a task of it"
            : "still running: " + String.join(", ", tasks);
    spark.cancelJobsWithTag(tag);
  }

  /** A slice in the hands of a task, in words. */
  String work(int slice, ParameterServer.Hand hand, long nanoTime) {
    TaskInfo task = running.get(hand.worker());
    return task == null
        ? "partition " + slice
        : work(slice, task, (nanoTime - hand.since()) / 1_000_000_000);
  }

  private static String work(int slice, TaskInfo task, long seconds) {
    return "partition " + slice + " on " + worker(task) + " for " + seconds + " s";
  }

  /** What to say of a job that failed. */
  RuntimeException plain(String what, Exception failure) {
    if (!stuck.isEmpty()) {
      return new WeftException(
          failure,
          ExitCode.TRY_LATER,
          "Cannot go on training: %s has not ended within train.step-timeout-seconds (%d), %s. Look"
              + " at what that process does (jstack) and at its log, or raise the limit; then run"
              + " the same command again: it goes on from the last checkpoint.",
          what,
          patience.toSeconds(),
          stuck);
    }
    for (Throwable cause : ExceptionUtils.getThrowableList(failure)) {
      if (cause instanceof WeftException ours) {
        return ours; // a task that could say what is wrong
      }
    }
    if (!(failure instanceof SparkException)) {
      return failure instanceof RuntimeException unchecked
          ? unchecked
          : new IllegalStateException(what + " failed", failure);
    }
    List<Failure> failed = failures();
    if (failed.isEmpty()) {
      return lost(what, failure, firstLine(String.valueOf(failure.getMessage())));
    }
    Failure first = failed.get(0);
    String where =
        String.format(
            Locale.ROOT,
            "%s failed %d times, first in partition %d on %s: %s",
            what,
            failed.size(),
            first.partition(),
            first.worker(),
            first.why());
    if (failure.getCause() == null) { // no task threw it
      return lost(what, failure, where);
    }
    return new WeftException(
        failure,
        first.why().contains("OutOfMemoryError") ? ExitCode.RESOURCE_MISSING : ExitCode.BUG,
        "Cannot go on training: %s. The last checkpoint is still there: once the cause is gone, run"
            + " the same command again.",
        where);
  }

  private static WeftException lost(String what, Exception failure, String why) {
    return new WeftException(
        failure,
        ExitCode.TRY_LATER,
        "Cannot go on training: Spark gave up %s (%s). Look at the logs of the executors for why"
            + " they went, such as memory; then run the same command again: it goes on from the"
            + " last checkpoint.",
        what,
        why);
  }

  /** What Spark's listeners are told comes a little later than the end of the job. */
  private List<Failure> failures() {
    try {
      spark.listenerBus().waitUntilEmpty(LISTENERS_MILLIS);
    } catch (TimeoutException e) {
      return new ArrayList<>(failures); // it will have to do
    }
    return new ArrayList<>(failures);
  }
}
