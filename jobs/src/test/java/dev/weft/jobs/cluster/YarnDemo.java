package dev.weft.jobs.cluster;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code scripts/demo yarn}: the pipeline of the small wardrobe on a real YARN over a real HDFS,
 * started here from Maven's jars, in client and in cluster mode, with {@code scripts/weft} as its
 * users call it; then a run that has to fail, and what YARN and the caller are told.
 */
@Command(name = "scripts/demo yarn", mixinStandardHelpOptions = true)
final class YarnDemo implements Callable<Integer> {
  @Mixin private Demo demo;

  @Option(names = "--servers", required = true, description = "Jars of the servers, a class path.")
  private String servers;

  private YarnDemo() {}

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new YarnDemo()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    Path place = demo.place();
    Path hadoop = Files.createDirectories(place.resolve("hadoop"));
    String classPath = servers + ":" + demo.spark().resolve("jars") + "/*";
    demo.say("start a NameNode, 2 DataNodes, a ResourceManager and 2 NodeManagers in %s", place);
    try (HdfsCluster store = new HdfsCluster(hadoop, classPath, 2);
        YarnCluster yarn = new YarnCluster(hadoop, classPath, 2);
        WeftRuns runs =
            new WeftRuns(
                place,
                store.uri(),
                Map.of("HADOOP_CONF_DIR", hadoop.toString()),
                settings(demo.spark(), place))) {
      store.put(Path.of("conf/wardrobe-tiny.yaml"), WeftRuns.CONFIG);
      for (String mode : List.of("client", "cluster")) {
        demo.say("the pipeline in %s mode, its input and output on HDFS", mode);
        ServerProcess run =
            runs.pipeline(mode, runs.store() + "/" + mode, "spark.submit.deployMode=" + mode);
        run.require(0);
        String said = mode.equals("client") ? run.output() : yarn.output();
        requireTold("RESULT {\"stage\":\"pipeline\",\"status\":\"done\"", said);
        requireTold("SUCCEEDED", yarn.lastEnd());
        runs.start("status-" + mode, mode, "status", "--verify").require(0);
      }
      demo.say("the same in cluster mode again: there is nothing to do");
      runs.pipeline("again", runs.store() + "/cluster", "spark.submit.deployMode=cluster")
          .require(0);
      requireTold("RESULT {\"stage\":\"pipeline\",\"status\":\"up to date\"", yarn.output());
      demo.say("and with a root that cannot be written: YARN and the caller are told");
      ServerProcess failing =
          runs.pipeline("failing", "file:///proc/weft", "spark.submit.deployMode=cluster");
      failing.require(1);
      String end = yarn.lastEnd();
      requireTold("FAILED", end);
      requireTold("weft ended with exit code ", end);
      demo.say("it ended with 1, YARN says: %s", end.lines().findFirst().orElse(""));
    }
    demo.end(place, Map.of("demo", "yarn", "status", "done"));
    return 0;
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
