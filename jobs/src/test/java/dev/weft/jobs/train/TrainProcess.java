package dev.weft.jobs.train;

import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.spark.launcher.JavaModuleOptions;

/**
 * The command {@code train} as its users run it: a driver in a process of its own, on a Spark whose
 * executors are processes too, so that each can be killed with no chance to clean up.
 *
 * <p>Spark comes from the class path of this process, and its settings from the properties file
 * that {@code scripts/weft} uses, but for the few that are named here.
 */
final class TrainProcess {
  private static final Duration PATIENCE = Duration.ofMinutes(15);

  private final Process driver;
  private final Path out;
  private final Path err;

  private TrainProcess(Process driver, Path out, Path err) {
    this.driver = driver;
    this.out = out;
    this.err = err;
  }

  /**
   * Where and how training processes run.
   *
   * @param folder for their logs and Spark's own files
   * @param executors processes that compute, 0 for two threads of the driver
   * @param properties the file of Spark's settings
   * @param spark settings that differ from it
   */
  record Cluster(Path folder, int executors, Path properties, Map<String, String> spark) {

    /** Reading a few rows takes longer to compile than to do. */
    private static final Map<String, String> QUICK_START =
        Map.of(
            "spark.sql.codegen.wholeStage", "false",
            "spark.sql.codegen.factoryMode", "NO_CODEGEN",
            "spark.sql.adaptive.enabled", "false",
            "spark.sql.shuffle.partitions", "1");

    private static final String EXECUTOR_OPTIONS = "spark.executor.extraJavaOptions";
    private static final String JAVA =
        "-Xms512m -XX:+AlwaysPreTouch -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Duser.timezone=UTC"
            + " -Dorg.bytedeco.javacpp.maxbytes=1g -Dorg.bytedeco.javacpp.maxphysicalbytes=0";

    /** Two or so small executors with one core each, so that a bare machine has room for them. */
    static Cluster of(Path folder, int executors) {
      return new Cluster(folder, executors, sparkConf(), Map.of());
    }

    /** With more settings of Spark. */
    Cluster with(Map<String, String> more) {
      Map<String, String> all = new TreeMap<>(spark);
      all.putAll(more);
      return new Cluster(folder, executors, properties, all);
    }

    /** With one more option of the executors' Java. */
    Cluster withExecutorOption(String option) {
      return with(Map.of(EXECUTOR_OPTIONS, JAVA + " " + option));
    }

    /** The same without executors: it starts in half the time. */
    Cluster local() {
      return new Cluster(folder, 0, properties, spark);
    }

    private static Path sparkConf() {
      Path here = Path.of("").toAbsolutePath();
      Path module = Files.exists(here.resolve("conf")) ? here : here.getParent();
      return module.resolve("conf/spark-local.conf");
    }

    private Map<String, String> settings() {
      Map<String, String> all = new TreeMap<>(read(properties));
      all.keySet().removeIf(key -> key.startsWith("spark.driver.") && key.contains("Java"));
      all.putAll(
          Map.of(
              "spark.master",
              executors == 0 ? "local[2]" : "local-cluster[" + executors + ",1,768]",
              "spark.driver.host",
              "localhost",
              "spark.executor.memory",
              "512m",
              "spark.executor.instances",
              String.valueOf(executors),
              "spark.executor.extraClassPath",
              System.getProperty("java.class.path"),
              EXECUTOR_OPTIONS,
              JAVA,
              // The master of a local-cluster; on a standalone cluster it is the operator's to set.
              "spark.deploy.maxExecutorRetries",
              "-1"));
      all.putAll(QUICK_START);
      all.putAll(spark);
      return all;
    }

    private static Map<String, String> read(Path file) {
      Properties properties = new Properties();
      try {
        properties.load(new StringReader(Files.readString(file)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      Map<String, String> all = new TreeMap<>();
      properties.stringPropertyNames().forEach(key -> all.put(key, properties.getProperty(key)));
      return all;
    }

    /** Starts {@code train} on a root. */
    TrainProcess train(Path root, List<String> settings) {
      List<String> arguments = new ArrayList<>(List.of("train", "--config"));
      try {
        Files.createDirectories(folder);
        Path config = folder.resolve(root.getFileName() + ".yaml");
        Files.writeString(config, "root: '" + root + "'\n");
        arguments.add(config.toString());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      settings.forEach(setting -> arguments.addAll(List.of("--set", setting)));
      return start("dev.weft.jobs.Weft", arguments);
    }

    private TrainProcess start(String main, List<String> arguments) {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(List.of(JavaModuleOptions.defaultModuleOptionArray()));
      command.addAll(
          List.of(
              "-Xmx512m",
              "-Xms512m", // and touched at once, so that only what is outside the heap can grow
              "-XX:+AlwaysPreTouch",
              "-XX:+UseSerialGC",
              "-XX:TieredStopAtLevel=1", // starts sooner, computes the same
              "-Djava.awt.headless=true",
              "-Duser.timezone=UTC",
              "-Dorg.bytedeco.javacpp.maxbytes=1g",
              "-Dorg.bytedeco.javacpp.maxphysicalbytes=0"));
      settings().forEach((key, value) -> command.add("-D" + key + "=" + value));
      command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
      command.addAll(arguments);
      try {
        Path home = Files.createDirectories(folder.resolve("spark"));
        Files.createDirectories(home.resolve("jars")); // all of Spark is on the class path
        Files.writeString(home.resolve("RELEASE"), "Spark from the class path\n");
        Path out = Files.createTempFile(folder, "train", ".out");
        Path err = Path.of(out.toString().replaceFirst("out$", "err"));
        ProcessBuilder builder =
            new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
        builder
            .environment()
            .putAll(
                Map.of(
                    "SPARK_HOME", home.toString(),
                    "SPARK_SCALA_VERSION", "2.13",
                    "OMP_NUM_THREADS", "1",
                    "OMP_WAIT_POLICY", "passive"));
        return new TrainProcess(builder.start(), out, err);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** The driver. */
  ProcessHandle driver() {
    return driver.toHandle();
  }

  /**
   * The executors that live now, in the order of their process ids: the driver has no other
   * children that are Java machines.
   */
  List<ProcessHandle> executors() {
    return driver
        .descendants()
        .filter(process -> process.info().command().orElse("").endsWith("/java"))
        .sorted()
        .toList();
  }

  boolean isAlive() {
    return driver.isAlive();
  }

  /** Kills the driver; its executors go by themselves when they miss it, or here at the latest. */
  void kill() {
    List<ProcessHandle> executors = executors();
    driver.destroyForcibly(); // SIGKILL
    executors.forEach(ProcessHandle::destroyForcibly);
    await();
  }

  /** Waits for the end; returns the exit code. */
  int await() {
    try {
      if (!driver.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw new IllegalStateException("not ended after " + PATIENCE + "; " + this);
      }
      return driver.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Fails unless the command succeeds. */
  void succeed() {
    int code = await();
    if (code != 0) {
      throw new IllegalStateException("exit code " + code + "; " + this);
    }
  }

  /** What it wrote to standard output. */
  String output() {
    return read(out);
  }

  /** What it wrote to standard error. */
  String errors() {
    return read(err);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public String toString() {
    return "train said: " + output() + errors();
  }
}
