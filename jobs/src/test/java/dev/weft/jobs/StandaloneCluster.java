package dev.weft.jobs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A real standalone cluster on this machine, a master and one worker as processes of their own, on
 * the Spark of the class path.
 */
final class StandaloneCluster implements AutoCloseable {
  private static final Pattern ADDRESS = Pattern.compile("Starting Spark master at (spark://\\S+)");
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final Path folder;
  private final List<Process> processes = new ArrayList<>();
  private final String address;

  /**
   * Starts both and waits until the worker is there.
   *
   * @param folder for logs and the files of the worker
   * @param workerOptions options of the worker's JVM
   */
  StandaloneCluster(Path folder, List<String> workerOptions) throws IOException {
    this.folder = folder;
    Path home = Files.createDirectories(folder.resolve("spark"));
    Files.createDirectories(home.resolve("jars"));
    Files.createFile(home.resolve("RELEASE"));
    for (String entry : classPath()) {
      if (entry.endsWith(".jar")) {
        Path jar = Path.of(entry);
        Files.createSymbolicLink(home.resolve("jars").resolve(jar.getFileName()), jar);
      }
    }
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
    start(
        "master",
        List.of(),
        "org.apache.spark.deploy.master.Master",
        List.of("--host", "localhost", "--port", "0", "--webui-port", "0"));
    address = await("master", ADDRESS).group(1);
    start(
        "worker",
        workerOptions,
        "org.apache.spark.deploy.worker.Worker",
        List.of(
            "--host",
            "localhost",
            "--webui-port",
            "0",
            "--cores",
            "2",
            "--memory",
            "3g",
            "--work-dir",
            folder.resolve("work").toString(),
            address));
    await("worker", Pattern.compile("Successfully registered with master"));
  }

  /** What of the class path is not a jar: an executor has to be told of it. */
  private static String classFolders() {
    return String.join(":", classPath().stream().filter(entry -> !entry.endsWith(".jar")).toList());
  }

  private static List<String> classPath() {
    return List.of(System.getProperty("java.class.path").split(":", -1));
  }

  /**
   * Runs a main class as the driver of an application on executors of one core.
   *
   * @param options options of the driver's JVM
   * @return what it printed
   */
  String run(Class<?> main, String... options) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of(options));
    all.add("-Dspark.master=" + address);
    all.add("-Dspark.driver.host=localhost");
    all.add("-Dspark.ui.enabled=false");
    all.add("-Dspark.executor.memory=512m");
    all.add("-Dspark.executor.cores=1");
    all.add("-Dspark.executor.extraClassPath=" + classFolders());
    Process driver = start(main.getSimpleName(), all, main.getName(), List.of());
    if (!driver.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS) || driver.exitValue() != 0) {
      throw new AssertionError(log(main.getSimpleName() + ".err"));
    }
    return log(main.getSimpleName() + ".out");
  }

  private Process start(String name, List<String> options, String main, List<String> arguments)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-XX:TieredStopAtLevel=1", "-Xmx512m")); // starts sooner
    command.add("-Dlog4j2.configurationFile=" + folder.resolve("log4j2.properties"));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), main));
    command.addAll(arguments);
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("SPARK_HOME", folder.resolve("spark").toString());
    builder.environment().put("SPARK_SCALA_VERSION", "2.13");
    builder.redirectOutput(folder.resolve(name + ".out").toFile());
    builder.redirectError(folder.resolve(name + ".err").toFile());
    Process process = builder.start();
    processes.add(process);
    return process;
  }

  private Matcher await(String name, Pattern line) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      Matcher matcher = line.matcher(log(name + ".err"));
      if (matcher.find()) {
        return matcher;
      }
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
    throw new AssertionError("the " + name + " said only: " + log(name + ".err"));
  }

  private String log(String name) {
    try {
      return Files.readString(folder.resolve(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() throws IOException {
    for (int i = processes.size() - 1; i >= 0; i--) {
      processes.get(i).descendants().forEach(ProcessHandle::destroyForcibly);
      processes.get(i).destroyForcibly();
    }
    try (Stream<Path> jars = Files.list(folder.resolve("spark").resolve("jars"))) {
      for (Path link : jars.toList()) {
        Files.delete(link);
      }
    }
  }
}
