package dev.weft.jobs;

import java.util.concurrent.TimeUnit;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/**
 * Shows the tasks of a Spark job as {@link Progress}, if the job has a description and runs for
 * more than two seconds, and is not a part of work that shows its own progress, as the steps of a
 * training run are.
 */
final class JobProgress extends SparkListener {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(2);

  private final Progress progress;
  private int job = -1;
  private String description = "";
  private int tasks;
  private int finished;
  private long startNanos;
  private boolean shown;

  JobProgress(Progress progress) {
    this.progress = progress;
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart start) {
    String words = start.properties().getProperty("spark.job.description");
    if (words == null) {
      return;
    }
    job = start.jobId();
    description = words;
    tasks = start.stageInfos().iterator().map(info -> info.numTasks()).foldLeft(0, Integer::sum);
    finished = 0;
    shown = false;
    startNanos = System.nanoTime();
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    if (job < 0 || !end.taskInfo().successful()) {
      return;
    }
    finished++;
    if (!shown && progress.idle() && System.nanoTime() - startNanos > PATIENCE_NANOS) {
      progress.begin(description, tasks);
      shown = true;
    }
    if (shown) {
      progress.at(finished, "");
    }
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd end) {
    if (end.jobId() != job) {
      return;
    }
    if (shown) {
      progress.end();
    }
    job = -1;
  }
}
