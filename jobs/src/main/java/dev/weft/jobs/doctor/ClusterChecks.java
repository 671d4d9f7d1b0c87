package dev.weft.jobs.doctor;

import static dev.weft.jobs.doctor.Check.Outcome.ERROR;
import static dev.weft.jobs.doctor.Check.Outcome.WARNING;

import dev.weft.compute.ComputeBackend;
import dev.weft.config.Binder;
import dev.weft.jobs.PipelineConfig;
import dev.weft.train.HeadKind;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.network.util.JavaUtils;

/** Judges the settings of Spark against what Weft does. */
final class ClusterChecks {
  static final String WHERE = "settings";
  private static final Pattern MAX_BYTES =
      Pattern.compile("-Dorg\\.bytedeco\\.javacpp\\.maxbytes=(\\S+)");
  private static final Pattern SECRET =
      Pattern.compile("(?i)secret|password|passwd|token|credential|access[._-]?key");

  /** Metaspace, threads, network buffers and ONNX Runtime's arena, beside heap and tensors. */
  private static final long REST = 1L << 30;

  private final SparkConf conf;
  private final PipelineConfig config;
  private final boolean local;
  private final List<Check> checks = new ArrayList<>();

  private ClusterChecks(SparkConf conf, PipelineConfig config) {
    this.conf = conf;
    this.config = config;
    String master = conf.get("spark.master", "local[*]");
    this.local = master.startsWith("local") && !master.startsWith("local-cluster");
  }

  /**
   * All checks.
   *
   * @param conf settings of Spark
   * @param config settings of Weft
   * @param executors executors that are there; 1 in a local session
   * @param width embedding width, to count parameters by
   */
  static List<Check> of(SparkConf conf, PipelineConfig config, int executors, int width) {
    ClusterChecks all = new ClusterChecks(conf, config);
    all.executors(executors);
    all.tasks();
    all.memory();
    all.results(executors, width);
    all.gpus();
    all.secrets();
    all.steps();
    return all.checks;
  }

  private void check(
      String name,
      boolean holds,
      Check.Outcome otherwise,
      String found,
      String why,
      String change) {
    checks.add(Check.of(name, WHERE, holds, otherwise, found, why, change));
  }

  private void executors(int there) {
    int asked = local ? 1 : conf.getInt("spark.executor.instances", Math.max(1, there));
    check(
        "executors",
        there >= 1,
        ERROR,
        there + " of " + asked,
        "no stage that computes can start",
        "free resources, or ask for what there is: spark.executor.cores, spark.executor.memory");
    check(
        "executors-all",
        there >= asked,
        WARNING,
        there + " of " + asked,
        "a step is split over the executors asked for; the others wait for one that has time",
        "spark.executor.instances=" + Math.max(1, there));
  }

  private void tasks() {
    int cores = conf.getInt("spark.executor.cores", 1);
    int cpus = conf.getInt("spark.task.cpus", 1);
    int wanted = conf.getInt("spark.executor.instances", 0) * cores;
    boolean standalone = conf.get("spark.master", "").startsWith("spark://");
    int most = conf.getInt("spark.cores.max", wanted);
    check(
        "standalone-cores",
        !standalone || wanted == 0 || wanted == most,
        WARNING,
        standalone ? "spark.cores.max " + most + ", executors want " + wanted : "not standalone",
        "a standalone cluster gives spark.cores.max cores, and as many executors as these make",
        "spark.cores.max=" + wanted);
    check(
        "one-task-per-executor",
        local || cores == cpus,
        WARNING,
        "tasks of " + cpus + " of " + cores + " cores",
        "a step is one task per executor, which computes on spark.task.cpus cores only",
        "spark.task.cpus=" + cores);
  }

  private void memory() {
    if (local) {
      return;
    }
    Matcher bound = MAX_BYTES.matcher(javaOptions("spark.executor"));
    boolean bounded = bound.find();
    check(
        "executor-off-heap-bound",
        bounded,
        ERROR,
        bounded ? bound.group() : "not set",
        "tensors may take as much as the heap again, and the container is killed",
        "spark.executor.defaultJavaOptions=-Dorg.bytedeco.javacpp.maxbytes=6g"
            + " -Dorg.bytedeco.javacpp.maxphysicalbytes=0");
    String master = conf.get("spark.master", "");
    boolean container = master.startsWith("yarn") || master.startsWith("k8s");
    if (bounded && container) {
      overhead("memory-overhead", "spark.executor");
    }
    if (container && conf.get("spark.submit.deployMode", "client").equals("cluster")) {
      overhead("driver-memory-overhead", "spark.driver");
    }
  }

  /** What is beside the heap of a container against what may be taken there. */
  private void overhead(String name, String process) {
    long heap = conf.getSizeAsMb(process + ".memory", "1g");
    long overhead = conf.getSizeAsMb(process + ".memoryOverhead", Math.max(384, heap / 10) + "m");
    Matcher bound = MAX_BYTES.matcher(javaOptions(process));
    long tensors =
        bound.find()
            ? JavaUtils.byteStringAsBytes(bound.group(1).toLowerCase(Locale.ROOT))
            : heap << 20;
    long needed = (tensors + REST) >> 20;
    check(
        name,
        overhead >= needed,
        ERROR,
        overhead + " MiB for tensors and the rest, which may take " + needed,
        "the container is killed when tensors fill it (exit code 137)",
        process + ".memoryOverhead=" + needed + "m");
  }

  private String javaOptions(String process) {
    return conf.get(process + ".defaultJavaOptions", "")
        + " "
        + conf.get(process + ".extraJavaOptions", "");
  }

  private void results(int executors, int width) {
    int parts =
        config.train().partitions() > 0 ? config.train().partitions() : Math.max(1, executors);
    long limit = conf.getSizeAsBytes("spark.driver.maxResultSize", "1g");
    Map<String, Long> parameters = new TreeMap<>();
    for (HeadKind kind : config.train().heads()) {
      if (kind != HeadKind.SUM && kind != HeadKind.WEIGHTED) {
        parameters.put(Binder.kebab(kind), config.train().trainable(kind, width).parameterCount());
      }
    }
    String largest =
        parameters.keySet().stream().max(Comparator.comparing(parameters::get)).orElse("none");
    long needed = parameters.getOrDefault(largest, 0L) * Float.BYTES * parts;
    check(
        "result-size",
        limit == 0 || needed <= limit,
        ERROR,
        parts + " gradients of the head " + largest + ": " + (needed >> 20) + " MiB",
        "Spark stops a step whose results are larger than spark.driver.maxResultSize",
        "spark.driver.maxResultSize=" + ((needed >> 20) + 256) + "m");
  }

  private void gpus() {
    int perExecutor = conf.getInt("spark.executor.resource.gpu.amount", 0);
    check(
        "gpus-per-executor",
        perExecutor <= 1,
        ERROR,
        String.valueOf(perExecutor),
        "an executor computes on one GPU",
        "spark.executor.resource.gpu.amount=1");
    boolean wanted = config.compute().backend() == ComputeBackend.CUDA;
    check(
        "gpu-asked-for",
        !wanted || local || perExecutor == 1,
        ERROR,
        wanted ? "compute.backend=cuda, GPUs per executor " + perExecutor : "none wanted",
        "Spark gives no GPU that nobody asked for, and executors share one unknowingly",
        "spark.executor.resource.gpu.amount=1 and what else conf/spark-standalone-gpu.conf.template"
            + " has");
  }

  private void secrets() {
    Pattern hidden =
        Pattern.compile(
            conf.get("spark.redaction.regex", "(?i)secret|password|token|access[.]?key"));
    List<String> shown =
        Stream.of(conf.getAll())
            .map(pair -> pair._1())
            .filter(key -> SECRET.matcher(key).find() && !hidden.matcher(key).find())
            .sorted()
            .toList();
    check(
        "secrets-redacted",
        shown.isEmpty(),
        ERROR,
        shown.isEmpty() ? "all hidden" : String.join(", ", shown),
        "Spark's pages and event logs show the values to everybody",
        "spark.redaction.regex=(?i)secret|password|passwd|token|credential|access[._-]?key");
  }

  private void steps() {
    check(
        "locality-wait",
        local || conf.getTimeAsMs("spark.locality.wait", "3s") == 0,
        WARNING,
        conf.get("spark.locality.wait", "3s"),
        "after the loss of an executor each step waits that long for its old place",
        "spark.locality.wait=0s");
    check(
        "time-zone",
        conf.get("spark.sql.session.timeZone", "UTC").equals("UTC"),
        WARNING,
        conf.get("spark.sql.session.timeZone", "UTC"),
        "times in tables would depend on the machine",
        "spark.sql.session.timeZone=UTC");
    boolean dynamic = conf.getBoolean("spark.dynamicAllocation.enabled", false);
    check(
        "stable-partitions",
        !dynamic || config.train().partitions() > 0,
        WARNING,
        dynamic ? "dynamic allocation, train.partitions 0" : "fixed",
        "the number of slices, and with it the last bits of a head, would follow the executors that"
            + " happen to be there",
        "train.partitions: 8");
  }
}
