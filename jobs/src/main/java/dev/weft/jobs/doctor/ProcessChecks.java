package dev.weft.jobs.doctor;

import static dev.weft.jobs.doctor.Check.Outcome.ERROR;
import static dev.weft.jobs.doctor.Check.Outcome.WARNING;

import dev.weft.jobs.doctor.ProcessFacts.Engine;
import dev.weft.jobs.doctor.ProcessFacts.Folder;
import dev.weft.jobs.doctor.ProcessFacts.Memory;
import dev.weft.jobs.doctor.ProcessFacts.Software;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Judges what was found in one process. */
final class ProcessChecks {
  private static final int JAVA = 17;

  /**
   * From here on {@code Subject.getSubject} fails, which Hadoop 3.4 calls for every file system.
   */
  private static final int JAVA_TOO_NEW = 23;

  /** Those whose rows in docs/deploy.md pass, the one to take first. */
  static final List<String> SPARK = List.of("4.1", "4.2", "4.0");

  private static final String SCALA = "2.13.";

  /** What the matrix library was linked against; tokenizer and ONNX Runtime take 2.27. */
  private static final int GLIBC_MINOR = 29;

  private static final long GIB = 1L << 30;

  /** Native libraries, unpacked. */
  private static final long TEMP = GIB;

  /** Class data, threads and network buffers of a JVM, and the arena of ONNX Runtime. */
  private static final long REST = GIB;

  private static final long SKEW_MILLIS = 5_000;

  private ProcessChecks() {}

  /**
   * All checks of a process.
   *
   * @param facts what was found
   * @param driver the same of the driver
   * @param from clock of the driver before it asked
   * @param to its clock when it had the answer
   */
  static List<Check> of(ProcessFacts facts, ProcessFacts driver, long from, long to) {
    List<Check> checks = new ArrayList<>();
    software(facts.where(), facts.software(), driver.software(), checks);
    engine(facts.where(), facts.engine(), checks);
    folders(facts, checks);
    memory(facts.where(), facts.memory(), checks);
    gpu(facts, checks);
    long skew = Math.max(from - facts.millis(), facts.millis() - to);
    checks.add(
        Check.of(
            "clock",
            facts.where(),
            skew <= SKEW_MILLIS,
            WARNING,
            skew <= 0 ? "as the driver's" : skew + " ms off the driver's",
            "retention and vacuum compare times of different machines",
            "switch time synchronisation on: timedatectl set-ntp true"));
    return checks;
  }

  private static void software(
      String where, Software software, Software driver, List<Check> checks) {
    checks.add(
        Check.of(
            "java",
            where,
            software.java() >= JAVA && software.java() < JAVA_TOO_NEW,
            ERROR,
            "Java " + software.java(),
            "Weft is compiled for Java "
                + JAVA
                + ", and Hadoop 3.4 calls what Java "
                + JAVA_TOO_NEW
                + " and newer refuse (Subject.getSubject)",
            "spark.executorEnv.JAVA_HOME=/path/to/jdk-17, or 21 (driver: JAVA_HOME)"));
    checks.add(
        Check.of(
            "system",
            where,
            software.system().equals("Linux amd64"),
            ERROR,
            software.system(),
            "the jar has native libraries for Linux on x86-64 only",
            "run on x86-64 nodes, on Kubernetes spark.kubernetes.node.selector.kubernetes.io/arch=amd64"));
    checks.add(
        Check.of(
            "spark",
            where,
            SPARK.stream().anyMatch(minor -> software.spark().startsWith(minor + ".")),
            ERROR,
            "Spark " + software.spark(),
            "Weft is tested on Spark "
                + String.join(", ", SPARK)
                + "; others lack methods that it calls",
            "SPARK_HOME=/path/to/spark-" + SPARK.get(0)));
    checks.add(
        Check.of(
            "spark-match",
            where,
            software.spark().equals(driver.spark()),
            ERROR,
            software.spark() + ", driver " + driver.spark(),
            "two versions of Spark do not understand each other's messages",
            "install Spark " + driver.spark() + " on this worker"));
    checks.add(
        Check.of(
            "scala",
            where,
            software.scala().startsWith(SCALA),
            ERROR,
            "Scala " + software.scala(),
            "classes compiled for Scala 2.13 do not load in another",
            "take the build of Spark for Scala 2.13"));
    checks.add(
        Check.of(
            "weft-match",
            where,
            software.weft().equals(driver.weft()),
            ERROR,
            software.weft() + ", driver " + driver.weft(),
            "tasks of one version do not load in another",
            "take the old weft.jar out of spark.executor.extraClassPath"));
    checks.add(
        Check.of(
            "glibc",
            where,
            atLeast(software.glibc()),
            ERROR,
            software.glibc().isEmpty() ? "not glibc" : "glibc " + software.glibc(),
            "the native libraries are linked against glibc 2.29",
            "use an image of Debian 11, Ubuntu 20.04, RHEL 9 or newer; not Alpine"));
  }

  private static boolean atLeast(String glibc) {
    String[] parts = glibc.split("\\.", -1);
    return parts.length >= 2
        && parts[0].equals("2")
        && parts[1].matches("\\d+")
        && Integer.parseInt(parts[1]) >= GLIBC_MINOR;
  }

  private static void engine(String where, Engine engine, List<Check> checks) {
    checks.add(
        Check.of(
            "tensors",
            where,
            engine.tensorFailure().isEmpty(),
            ERROR,
            engine.tensorFailure().isEmpty() ? engine.tensors() : engine.tensorFailure(),
            "nothing can be trained, ranked or searched",
            "compute.backend: cpu, or what the message says"));
    checks.add(
        Check.of(
            "tensor-variant",
            where,
            !engine.avx2() || !engine.variant().equals("plain"),
            WARNING,
            engine.variant().isEmpty() ? "none" : engine.variant(),
            "the processor has AVX2 and ND4J does not use it: half the speed",
            "-Dorg.bytedeco.javacpp.platform.extension=-avx2 in the Java options"));
    checks.add(
        Check.of(
            "blas",
            where,
            !engine.blas().equals("UNKNOWN"),
            WARNING,
            engine.blas().isEmpty() ? "none" : engine.blas(),
            "matrix products run without a tuned library",
            "keep openblas on the class path: do not shade weft.jar again"));
    checks.add(
        Check.of(
            "threads",
            where,
            engine.threads() == 0 || engine.threads() >= engine.taskCpus(),
            WARNING,
            engine.threads() + " threads for tasks of " + engine.taskCpus() + " cores",
            "cores of a task stand idle in every matrix product",
            "spark.executorEnv.OMP_NUM_THREADS=" + engine.taskCpus()));
    checks.add(
        Check.of(
            "openmp-wait",
            where,
            engine.waitPolicy().equalsIgnoreCase("passive"),
            WARNING,
            engine.waitPolicy().isEmpty() ? "not set" : engine.waitPolicy(),
            "native threads that wait by spinning take the cores that other tasks need",
            "spark.executorEnv.OMP_WAIT_POLICY=passive (driver: export OMP_WAIT_POLICY=passive)"));
    checks.add(
        Check.of(
            "vector-module",
            where,
            engine.vectors(),
            WARNING,
            engine.vectors() ? "there" : "missing",
            "the loss takes about four times as long",
            "--add-modules=jdk.incubator.vector in the Java options (spark-submit adds it)"));
    checks.add(
        Check.of(
            "text-tower",
            where,
            engine.textFailure().isEmpty(),
            ERROR,
            engine.textFailure().isEmpty() ? "encodes a text" : engine.textFailure(),
            "encode and search need the tokenizer and ONNX Runtime",
            "-Djava.io.tmpdir=/a/folder/that/is/not/noexec in the Java options"));
  }

  private static void folders(ProcessFacts facts, List<Check> checks) {
    folder(facts.where(), "temp", facts.temp(), "-Djava.io.tmpdir", checks);
    folder(facts.where(), "native-cache", facts.cache(), "-Dorg.bytedeco.javacpp.cachedir", checks);
    checks.add(
        Check.of(
            "disk",
            facts.where(),
            facts.temp().free() >= TEMP,
            ERROR,
            mebibytes(facts.temp().free()) + " MiB free in " + facts.temp().path(),
            "unpacked libraries take 1 GiB, shuffles and spilled blocks more",
            "spark.local.dir=/a/larger/disk"));
  }

  private static void folder(
      String where, String name, Folder folder, String option, List<Check> checks) {
    String change = option + "=/a/good/folder in the Java options";
    checks.add(
        Check.of(
            name + "-writable",
            where,
            folder.failure().isEmpty(),
            ERROR,
            folder.failure().isEmpty() ? folder.path() : folder.failure(),
            "native libraries are unpacked there when they are first used",
            change));
    checks.add(
        Check.of(
            name + "-executable",
            where,
            folder.executable(),
            ERROR,
            folder.executable() ? folder.path() : folder.path() + " runs no file (noexec?)",
            "a native library in a folder mounted noexec does not load",
            change));
  }

  private static void memory(String where, Memory memory, List<Check> checks) {
    checks.add(
        Check.of(
            "off-heap-bound",
            where,
            memory.offHeap() > 0,
            WARNING,
            memory.offHeap() > 0 ? mebibytes(memory.offHeap()) + " MiB" : "not set",
            "tensors may then take as much as the heap again, which no container allows for",
            "-Dorg.bytedeco.javacpp.maxbytes=6g in the Java options"));
    long offHeap = memory.offHeap() > 0 ? memory.offHeap() : memory.heap();
    long sum = memory.heap() + offHeap + REST;
    checks.add(
        Check.of(
            "memory",
            where,
            sum <= memory.machine(),
            memory.heap() + REST > memory.machine() ? ERROR : WARNING,
            String.format(
                Locale.ROOT,
                "heap %d + tensors %d + rest %d = %d MiB of %d",
                mebibytes(memory.heap()),
                mebibytes(offHeap),
                mebibytes(REST),
                mebibytes(sum),
                mebibytes(memory.machine())),
            "a process that takes more than the machine or container has is killed (exit code 137)",
            "spark.executor.memory (driver: spark.driver.memory) or maxbytes lower"));
  }

  private static void gpu(ProcessFacts facts, List<Check> checks) {
    boolean given = !facts.gpus().isEmpty();
    checks.add(
        Check.of(
            "gpu",
            facts.where(),
            !given || facts.gpus().equals(List.of(facts.visibleGpus())),
            ERROR,
            given
                ? "Spark gave " + facts.gpus() + ", CUDA is shown '" + facts.visibleGpus() + "'"
                : "none given",
            "processes of a machine would compute on each other's devices",
            "spark.executor.resource.gpu.amount=1, spark.plugins=dev.weft.jobs.WeftPlugin"));
  }

  private static long mebibytes(long bytes) {
    return bytes >> 20;
  }
}
