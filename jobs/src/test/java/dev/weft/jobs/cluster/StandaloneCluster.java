package dev.weft.jobs.cluster;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A real standalone cluster on this machine: a master and workers as processes of their own. */
public final class StandaloneCluster implements AutoCloseable {
  private static final Pattern ADDRESS = Pattern.compile("Starting Spark master at (spark://\\S+)");
  private static final Pattern REGISTERED = Pattern.compile("Successfully registered with master");

  private final Path folder;
  private final Spark spark;
  private final List<ServerProcess> processes = new ArrayList<>();
  private final String address;

  /**
   * The Spark of master and workers.
   *
   * @param home has {@code jars/} and a file {@code RELEASE}
   * @param classPath of their processes
   * @param javaOptions of their processes
   */
  public record Spark(Path home, String classPath, List<String> javaOptions) {

    /** The Spark of this process's class path. */
    public static Spark ofClassPath(Path folder) throws IOException {
      Path home = Files.createDirectories(folder.resolve("spark"));
      Path jars = Files.createDirectories(home.resolve("jars"));
      Files.createFile(home.resolve("RELEASE"));
      for (String entry : entries()) {
        if (entry.endsWith(".jar")) {
          Files.createSymbolicLink(jars.resolve(Path.of(entry).getFileName()), Path.of(entry));
        }
      }
      return new Spark(
          home,
          System.getProperty("java.class.path"),
          ManagementFactory.getRuntimeMXBean().getInputArguments());
    }

    Map<String, String> environment() {
      return Map.of("SPARK_HOME", home.toString(), "SPARK_SCALA_VERSION", "2.13");
    }

    private static List<String> entries() {
      return List.of(System.getProperty("java.class.path").split(":", -1));
    }
  }

  /**
   * Starts master and workers, and waits until all are there.
   *
   * @param folder for logs and the files of the workers
   * @param workers how many, each with two cores and 3 GiB
   * @param workerOptions options of the workers' JVMs
   */
  public StandaloneCluster(Path folder, Spark spark, int workers, List<String> workerOptions)
      throws IOException {
    this.folder = folder;
    this.spark = spark;
    Files.writeString(
        folder.resolve("log4j2.properties"),
        """
        rootLogger.level = info
        rootLogger.appenderRef.console.ref = console
        appender.console.type = Console
        appender.console.name = console
        appender.console.target = SYSTEM_ERR
        appender.console.layout.type = PatternLayout
        appender.console.layout.pattern = %p %c{1}: %m%n
        """);
    boolean up = false;
    try {
      address = startMaster();
      startWorkers(workers, workerOptions);
      up = true;
    } finally {
      if (!up) {
        close();
      }
    }
  }

  private String startMaster() {
    ServerProcess master =
        start(
            "master",
            List.of(),
            "org.apache.spark.deploy.master.Master",
            List.of("--host", "localhost", "--port", "0", "--webui-port", "0"));
    return master.await(ADDRESS).group(1);
  }

  private void startWorkers(int workers, List<String> workerOptions) {
    List<ServerProcess> started = new ArrayList<>();
    for (int i = 0; i < workers; i++) {
      String work = folder.resolve("work" + i).toString();
      List<String> arguments =
          List.of("--host localhost --webui-port 0 --cores 2 --memory 3g".split(" ", -1));
      arguments =
          Stream.concat(arguments.stream(), Stream.of("--work-dir", work, address)).toList();
      started.add(
          start("worker" + i, workerOptions, "org.apache.spark.deploy.worker.Worker", arguments));
    }
    started.forEach(worker -> worker.await(REGISTERED));
  }

  /** Where the master listens: {@code spark://host:port}. */
  public String address() {
    return address;
  }

  /** What a driver that ran on a worker (deploy mode cluster) wrote, all of them together. */
  public String driverOutput() throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.walk(folder, 3)) {
      for (Path file : files.sorted().toList()) {
        if (file.toString().contains("/driver-") && file.endsWith("stdout")) {
          all.append(Files.readString(file));
        }
      }
    }
    return all.toString();
  }

  /**
   * Runs a main class of this class path as the driver of an application on executors of one core.
   *
   * @param options options of the driver's JVM
   * @return what it printed
   */
  public String run(Class<?> main, String... options) {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("-Dspark.master=" + address);
    all.add("-Dspark.driver.host=localhost");
    all.add("-Dspark.ui.enabled=false");
    all.add("-Dspark.executor.memory=512m");
    all.add("-Dspark.executor.cores=1");
    all.add("-Dspark.executor.extraClassPath=" + classFolders());
    ServerProcess driver = start(main.getSimpleName(), all, main.getName(), List.of());
    if (driver.exitCode() != 0) {
      throw new AssertionError(driver.errors());
    }
    return driver.output();
  }

  /** What of the class path is not a jar: an executor has to be told of it. */
  private static String classFolders() {
    return String.join(
        ":", Spark.entries().stream().filter(entry -> !entry.endsWith(".jar")).toList());
  }

  private ServerProcess start(
      String name, List<String> options, String main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(ServerProcess.java());
    command.addAll(spark.javaOptions());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx512m")); // starts sooner
    command.add("-Dlog4j2.configurationFile=" + folder.resolve("log4j2.properties"));
    command.addAll(options);
    command.addAll(List.of("-cp", spark.classPath(), main));
    command.addAll(arguments);
    ServerProcess process = ServerProcess.start(folder, name, spark.environment(), command);
    processes.add(process);
    return process;
  }

  @Override
  public void close() throws IOException {
    for (int i = processes.size() - 1; i >= 0; i--) {
      processes.get(i).kill();
    }
    if (spark.home().startsWith(folder)) {
      try (Stream<Path> jars = Files.list(spark.home().resolve("jars"))) {
        for (Path link : jars.toList()) {
          Files.delete(link);
        }
      }
    }
  }
}
