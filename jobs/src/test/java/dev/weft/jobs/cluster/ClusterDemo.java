package dev.weft.jobs.cluster;

import dev.weft.jobs.cluster.Published.Likeness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import org.apache.spark.launcher.JavaModuleOptions;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * {@code scripts/demo cluster}: the pipeline of the small wardrobe on a real Spark cluster over a
 * real HDFS, started here from Maven's jars, with {@code scripts/weft} as its users call it.
 *
 * <p>While it runs in client mode, a DataNode and then the NameNode are killed. It runs again in
 * cluster mode, and on one machine without a cluster; what the three published is compared.
 */
@Command(name = "scripts/demo cluster", mixinStandardHelpOptions = true)
final class ClusterDemo implements Callable<Integer> {
  private static final int DATA_NODES = 3;
  private static final int TRY_AGAIN = 75;
  private static final int IO = 74;

  /** As many as Spark gives an executor with one core. */
  private static final Map<String, String> THREADS = Map.of("OMP_NUM_THREADS", "1");

  @Mixin private Demo demo;

  @Option(names = "--hdfs", required = true, description = "The jar with the servers of HDFS.")
  private Path hdfs;

  private ClusterDemo() {}

  public static void main(String[] arguments) {
    System.exit(new CommandLine(new ClusterDemo()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    Path place = demo.place();
    String jars = demo.spark().resolve("jars") + "/*";
    String secret = UUID.randomUUID().toString();
    List<String> options = new ArrayList<>(List.of(JavaModuleOptions.defaultModuleOptionArray()));
    options.add("-Dspark.authenticate=true");
    options.add("-Dspark.network.crypto.enabled=true");
    options.add("-Dspark.master.rest.enabled=false"); // it knows no secret
    options.add("-Dspark.authenticate.secret=" + secret);
    StandaloneCluster.Spark servers = new StandaloneCluster.Spark(demo.spark(), jars, options);
    demo.say("start a NameNode, %d DataNodes, a master and 2 workers in %s", DATA_NODES, place);
    Map<String, Object> result = new LinkedHashMap<>();
    try (HdfsCluster store = new HdfsCluster(place.resolve("hdfs"), hdfs + ":" + jars, DATA_NODES);
        StandaloneCluster cluster = new StandaloneCluster(place, servers, 2, List.of());
        WeftRuns runs =
            new WeftRuns(place, store.uri(), THREADS, settings(place, cluster.address(), secret))) {
      store.put(Path.of("conf/wardrobe-tiny.yaml"), WeftRuns.CONFIG);
      result.putAll(clientMode(runs, store));
      demo.say("verify every file of it");
      runs.start("status", "client", "status", "--verify").require(0);
      demo.say("the same in cluster mode: the driver on a worker, its output on HDFS");
      runs.pipeline("cluster", runs.store() + "/cluster", "spark.submit.deployMode=cluster")
          .require(0);
      String driver = cluster.driverOutput();
      if (!driver.contains("RESULT {\"stage\":\"pipeline\",\"status\":\"done\"")) {
        throw new AssertionError("the driver on the worker said: " + driver);
      }
      demo.say("and with a root that cannot be written");
      runs.pipeline("failing", "/proc/weft", "spark.submit.deployMode=cluster").require(1);
      demo.say("it ended with 1");
      demo.say("the same on this machine alone, its output on local disk");
      runs.pipeline("local", place.resolve("local").toString(), "spark.master=local[2]").require(0);
      result.putAll(compare(runs.store(), place.resolve("local").toString()));
    }
    demo.end(place, result);
    return "done".equals(result.get("status")) ? 0 : 1;
  }

  /** The pipeline, while servers of the store are killed. */
  private Map<String, Object> clientMode(WeftRuns runs, HdfsCluster store) {
    demo.say("the pipeline in client mode, its input and output on HDFS");
    String root = runs.store() + "/client";
    ServerProcess pipeline = runs.pipeline("client", root);
    pipeline.await("a file is being written", () -> store.beingWritten("/").isPresent());
    String file = store.beingWritten("/").orElse("a file just closed");
    store.killDataNode(0);
    demo.say("killed a DataNode while %s was written", file);
    pipeline.await("training has begun", () -> store.exists("/client/train"));
    double without = store.restartNameNode();
    demo.say("killed the NameNode in training, started it again: %.1f s without", without);
    int code = pipeline.exitCode();
    demo.say("the pipeline ended with exit code %d", code);
    int again = 0;
    if (code == IO || code == TRY_AGAIN) {
      demo.say("and once more");
      again = 1;
      pipeline = runs.pipeline("client-again", root);
    }
    pipeline.require(0);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("demo", "cluster");
    figures.put("status", "done");
    figures.put("datanode_killed_while_written", file);
    figures.put("seconds_without_namenode", Math.round(without * 10) / 10.0);
    figures.put("runs_after_it", again);
    return figures;
  }

  /** The settings of a copy of the template, for processes that fit on a small machine. */
  private static List<String> settings(Path place, String master, String secret)
      throws IOException {
    List<String> lines =
        new ArrayList<>(
            Files.readAllLines(Path.of("conf/spark-standalone-cpu.conf.template")).stream()
                .map(line -> line.replace("spark://HOST:7077", master))
                .toList());
    String tensors = "-Duser.timezone=UTC -Dorg.bytedeco.javacpp.maxphysicalbytes=0";
    lines.addAll(
        List.of(
            "spark.authenticate.secret=" + secret,
            "spark.executor.cores=1",
            "spark.task.cpus=1",
            "spark.cores.max=2",
            "spark.default.parallelism=2",
            "spark.executor.memory=768m",
            "spark.executor.defaultJavaOptions=-Dorg.bytedeco.javacpp.maxbytes=1g " + tensors,
            "spark.driver.memory=1g",
            "spark.driver.defaultJavaOptions=-Dorg.bytedeco.javacpp.maxbytes=2g " + tensors,
            "spark.local.dir=" + place.resolve("spark-local")));
    return lines;
  }

  /**
   * What two roots on HDFS have published, file by file, against what a local one has: as many
   * slices and as many threads for each on all of them, so every file has to be the same.
   */
  private Map<String, Object> compare(String store, String local) throws IOException {
    Published expected = Published.of(local);
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("artefacts", expected.artefacts().size());
    figures.put("files", expected.files().size());
    for (String root : List.of("client", "cluster")) {
      Map<Likeness, List<String>> found = expected.compare(Published.of(store + "/" + root));
      demo.say(
          "%s mode: of %d files %d are the same as on this machine alone, %d more say the same",
          root,
          expected.files().size(),
          found.get(Likeness.BYTES).size(),
          found.get(Likeness.CONTENT).size());
      found.get(Likeness.CONTENT).forEach(file -> demo.say("  says the same: %s", file));
      found.get(Likeness.DIFFERENT).forEach(file -> demo.say("  different: %s", file));
      figures.put("equal_bytes_in_" + root + "_mode", found.get(Likeness.BYTES).size());
      figures.put("equal_content_in_" + root + "_mode", found.get(Likeness.CONTENT).size());
      figures.put("different_in_" + root + "_mode", found.get(Likeness.DIFFERENT));
      if (!found.get(Likeness.DIFFERENT).isEmpty()) {
        figures.put("status", "failed");
      }
    }
    return figures;
  }
}
