package dev.weft.jobs.doctor;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.Session;
import dev.weft.store.StoreProbe;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.resource.ResourceInformation;

/**
 * Looks at configuration, data, driver and every executor, and says what is wrong, why it matters
 * and which line to change.
 *
 * <pre>scripts/weft doctor --config conf/wardrobe.yaml</pre>
 */
public final class Doctor {
  /** How long the executors have to answer. */
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private static final String DRIVER = "driver";

  private Doctor() {}

  /**
   * What was found.
   *
   * @param checks everything that was looked at
   * @param seconds how long it took
   */
  public record Diagnosis(List<Check> checks, double seconds) {
    /** How many checks ended so. */
    public long count(Check.Outcome outcome) {
      return checks.stream().filter(check -> check.outcome() == outcome).count();
    }

    /** 0 without errors; configuration where only settings are wrong, otherwise a resource. */
    public ExitCode exitCode() {
      List<Check> errors =
          checks.stream().filter(check -> check.outcome() == Check.Outcome.ERROR).toList();
      if (errors.isEmpty()) {
        return ExitCode.OK;
      }
      boolean settings =
          errors.stream().allMatch(check -> check.where().equals(ClusterChecks.WHERE));
      return settings ? ExitCode.CONFIG : ExitCode.RESOURCE_MISSING;
    }

    /** The checks as a person reads them: what is wrong last, where it is seen. */
    public List<String> lines() {
      return checks.stream()
          .sorted(Comparator.comparing(Check::outcome))
          .map(Check::lines)
          .toList();
    }

    /** The fields of the {@code RESULT} line. */
    public Map<String, Object> fields() {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("stage", "doctor");
      fields.put("status", exitCode() == ExitCode.OK ? "done" : "failed");
      fields.put("seconds", Math.round(seconds * 100) / 100.0);
      fields.put("exit_code", exitCode().code());
      fields.put("checks", checks.size());
      fields.put("warnings", count(Check.Outcome.WARNING));
      fields.put("errors", count(Check.Outcome.ERROR));
      return fields;
    }
  }

  /**
   * Looks at everything.
   *
   * @param version of the jar
   */
  public static Diagnosis run(Session session, String version) {
    return run(session, version, () -> new JavaSparkContext(session.spark().sparkContext()));
  }

  /**
   * As above.
   *
   * @param open opens Spark, or throws
   */
  static Diagnosis run(Session session, String version, Callable<JavaSparkContext> open) {
    long start = session.clock().millis();
    List<Check> checks = new ArrayList<>();
    String root = session.config().root();
    StoreProbe store = StoreProbe.of(session.hadoop(), root, session.clock());
    checks.addAll(StorageChecks.of(root, store));
    DataChecks.Found data = DataChecks.of(session.hadoop(), session.config().ingest());
    checks.addAll(data.checks());
    checks.addAll(ArtefactChecks.of(session));
    checks.addAll(ModelChecks.of(session));
    int width = width(session);
    SparkConf conf = new SparkConf();
    int executors = 0;
    int slots = 1;
    try {
      JavaSparkContext spark = open.call();
      conf = spark.getConf();
      List<ProcessFacts> processes = new ArrayList<>();
      long from = session.clock().millis();
      ProcessFacts driver =
          ProcessProbe.look(DRIVER, version, conf.getInt("spark.task.cpus", 1), List.of());
      processes.add(driver);
      slots = Math.max(1, spark.defaultParallelism());
      executors = 1;
      if (!spark.isLocal()) {
        int tasks = Math.max(session.executors(), slots);
        ExecutorAnswers answers = ExecutorAnswers.of(spark, version, tasks, Doctor::here, PATIENCE);
        checks.add(answers.check());
        processes.addAll(answers.processes());
        executors = answers.processes().size();
      }
      long to = session.clock().millis();
      processes.forEach(facts -> checks.addAll(ProcessChecks.of(facts, driver, from, to)));
    } catch (Exception e) {
      // Spark throws checked exceptions that its signatures do not declare.
      checks.add(
          new Check(
              "spark",
              DRIVER,
              Check.Outcome.ERROR,
              ExceptionUtils.getRootCauseMessage(e),
              "no stage can start",
              "spark.master, or what the message says"));
    }
    checks.addAll(ClusterChecks.of(conf, session.config(), executors, width));
    checks.addAll(PlanChecks.of(data, width, slots, store.freeBytes()));
    return new Diagnosis(List.copyOf(checks), (session.clock().millis() - start) / 1000.0);
  }

  /** Embedding width: of the vectors there are, or that align would make. */
  private static int width(Session session) {
    try {
      return session
          .artefact("encode")
          .latest()
          .map(encode -> ((Number) encode.manifest().facts().get("dimension")).intValue())
          .orElse(session.config().align().dimension());
    } catch (WeftException e) {
      return session.config().align().dimension(); // ArtefactChecks says what is wrong with it
    }
  }

  private static ProcessFacts here(String version) {
    TaskContext task = TaskContext.get();
    ResourceInformation gpus = task.resourcesJMap().get("gpu");
    return ProcessProbe.look(
        "executor "
            + SparkEnv.get().executorId()
            + " on "
            + SparkEnv.get().blockManager().blockManagerId().host(),
        version(version),
        task.cpus(),
        gpus == null ? List.of() : List.of(gpus.addresses()));
  }

  /** The version of the jar in this process. */
  private static String version(String drivers) {
    String here = Doctor.class.getPackage().getImplementationVersion();
    return Optional.ofNullable(here).orElse(drivers);
  }
}
