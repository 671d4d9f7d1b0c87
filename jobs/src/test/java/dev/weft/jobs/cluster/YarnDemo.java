package dev.weft.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileUtil;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * {@code scripts/demo yarn}: the pipeline of the small wardrobe on a real YARN over a real HDFS,
 * started here from Maven's jars, in client and in cluster mode, with {@code scripts/weft} as its
 * users call it; then a run that has to fail, and what YARN and the caller are told.
 */
@Command(name = "scripts/demo yarn", mixinStandardHelpOptions = true)
final class YarnDemo implements Callable<Integer> {
  @Option(names = "--spark", required = true, description = "Folder of Spark, with jars/.")
  private Path spark;

  @Option(names = "--servers", required = true, description = "Jars of the servers, a class path.")
  private String servers;

  @Option(names = "--folder", description = "Kept afterwards; none: a temporary one.")
  private Path folder;

  private final long start = System.nanoTime();

  private YarnDemo() {}

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new YarnDemo()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    Path place = folder == null ? Files.createTempDirectory("weft-yarn") : folder;
    Path hadoop = Files.createDirectories(place.resolve("hadoop"));
    String classPath = servers + ":" + spark.resolve("jars") + "/*";
    say("start a NameNode, 2 DataNodes, a ResourceManager and 2 NodeManagers in %s", place);
    try (HdfsCluster store = new HdfsCluster(hadoop, classPath, 2);
        YarnCluster yarn = new YarnCluster(hadoop, classPath, 2);
        WeftRuns runs =
            new WeftRuns(
                place,
                store.uri(),
                Map.of("HADOOP_CONF_DIR", hadoop.toString()),
                settings(spark, place))) {
      store.put(Path.of("conf/wardrobe-tiny.yaml"), WeftRuns.CONFIG);
      for (String mode : List.of("client", "cluster")) {
        say("the pipeline in %s mode, its input and output on HDFS", mode);
        ServerProcess run =
            runs.pipeline(mode, runs.store() + "/" + mode, "spark.submit.deployMode=" + mode);
        run.require(0);
        String said = mode.equals("client") ? run.output() : yarn.output();
        requireTold("RESULT {\"stage\":\"pipeline\",\"status\":\"done\"", said);
        requireTold("SUCCEEDED", yarn.lastEnd());
        runs.start("status-" + mode, mode, "status", "--verify").require(0);
      }
      say("the same in cluster mode again: there is nothing to do");
      runs.pipeline("again", runs.store() + "/cluster", "spark.submit.deployMode=cluster")
          .require(0);
      requireTold("RESULT {\"stage\":\"pipeline\",\"status\":\"up to date\"", yarn.output());
      say("and with a root that cannot be written: YARN and the caller are told");
      ServerProcess failing =
          runs.pipeline("failing", "file:///proc/weft", "spark.submit.deployMode=cluster");
      failing.require(1);
      String end = yarn.lastEnd();
      requireTold("FAILED", end);
      say("it ended with 1, YARN says: %s", end.lines().findFirst().orElse(""));
    }
    if (folder == null) {
      FileUtil.fullyDelete(place.toFile());
    }
    System.out.printf(
        Locale.ROOT,
        "RESULT {\"demo\":\"yarn\",\"status\":\"done\",\"seconds\":%d}%n",
        Math.round((System.nanoTime() - start) / 1e9));
    return 0;
  }

  private void say(String format, Object... arguments) {
    System.out.printf(
        Locale.ROOT,
        "%4d s  %s%n",
        Math.round((System.nanoTime() - start) / 1e9),
        String.format(Locale.ROOT, format, arguments));
  }

  private static void requireTold(String expected, String said) {
    if (!said.contains(expected)) {
      throw new AssertionError("not " + expected + ", but: " + said);
    }
  }

  /** The settings of a copy of the template, for containers that fit on a small machine. */
  private static List<String> settings(Path spark, Path place) throws IOException {
    List<String> lines =
        new ArrayList<>(Files.readAllLines(Path.of("conf/spark-yarn-cpu.conf.template")));
    String tensors =
        "-Duser.timezone=UTC -Djava.awt.headless=true -Dorg.bytedeco.javacpp.maxphysicalbytes=0"
            + " -Dorg.bytedeco.javacpp.maxbytes=";
    lines.addAll(
        List.of(
            "spark.yarn.jars=local:" + spark.toAbsolutePath() + "/jars/*",
            "spark.executor.cores=1",
            "spark.task.cpus=1",
            "spark.default.parallelism=2",
            "spark.executor.memory=768m",
            "spark.executor.memoryOverhead=1792m",
            "spark.executor.defaultJavaOptions=" + tensors + "1g",
            "spark.driver.memory=1g",
            "spark.driver.memoryOverhead=2g",
            "spark.driver.defaultJavaOptions=" + tensors + "1g",
            "spark.local.dir=" + place.resolve("spark-local")));
    return lines;
  }
}
