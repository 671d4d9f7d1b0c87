package dev.weft.jobs.doctor;

import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;

/**
 * What the executors answered when they were asked what they are like.
 *
 * @param processes one each
 * @param check whether they answered
 */
record ExecutorAnswers(List<ProcessFacts> processes, Check check) {

  /**
   * Asks them.
   *
   * @param version of the jar of the driver
   * @param tasks at least one for each executor
   * @param question what each task returns
   * @param patience how long they have
   */
  static ExecutorAnswers of(
      JavaSparkContext spark,
      String version,
      int tasks,
      Function<String, ProcessFacts> question,
      Duration patience) {
    spark.sc().setJobDescription("doctor");
    JavaFutureAction<List<ProcessFacts>> answers =
        spark.parallelize(Collections.nCopies(tasks, version), tasks).map(question).collectAsync();
    Map<String, ProcessFacts> found = new TreeMap<>();
    String failure = "";
    try {
      answers
          .get(patience.toMillis(), TimeUnit.MILLISECONDS)
          .forEach(facts -> found.putIfAbsent(facts.where(), facts));
    } catch (TimeoutException e) {
      answers.cancel(true);
      failure = "no answer in " + patience.toSeconds() + " s";
    } catch (ExecutionException e) {
      failure = ExceptionUtils.getRootCauseMessage(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      failure = "interrupted";
    } finally {
      spark.sc().setJobDescription(null);
    }
    return new ExecutorAnswers(
        List.copyOf(found.values()),
        Check.of(
            "executors-answer",
            "cluster",
            failure.isEmpty(),
            Check.Outcome.ERROR,
            failure.isEmpty() ? found.size() + " executors answered" : failure,
            "no stage can run",
            "look at the web page of the cluster: resources, and the logs of executors"));
  }
}
