package dev.weft.jobs.cluster;

import static dev.weft.jobs.cluster.HdfsCluster.freePort;
import static dev.weft.jobs.cluster.HdfsCluster.property;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.yarn.api.records.ApplicationReport;
import org.apache.hadoop.yarn.api.records.NodeState;
import org.apache.hadoop.yarn.client.api.YarnClient;
import org.apache.hadoop.yarn.exceptions.YarnException;

/**
 * A real YARN on this machine: a ResourceManager and NodeManagers as processes of their own, from
 * the jar that Hadoop publishes for tests. NodeManagers measure containers and kill those that take
 * more memory than they asked for, as everywhere.
 */
final class YarnCluster implements AutoCloseable {
  private static final String SERVER = "org.apache.hadoop.yarn.server.";

  private final Path folder;
  private final String classPath;
  private final List<ServerProcess> processes = new ArrayList<>();
  private final YarnClient client = YarnClient.createYarnClient();

  /**
   * Starts it, and waits until every NodeManager is there.
   *
   * @param folder that has core-site.xml, for logs and data; afterwards the configuration of
   *     clients
   * @param classPath with the servers
   * @param nodes NodeManagers, each with 6 GiB
   */
  YarnCluster(Path folder, String classPath, int nodes) throws IOException {
    this.folder = folder;
    this.classPath = folder + ":" + classPath;
    StringBuilder site = new StringBuilder("<configuration>");
    for (String address : List.of("", "scheduler.", "resource-tracker.", "admin.", "webapp.")) {
      site.append(
          property("yarn.resourcemanager." + address + "address", "localhost:" + freePort()));
    }
    for (String address : List.of("", "localizer.", "collector-service.", "webapp.")) {
      site.append(property("yarn.nodemanager." + address + "address", "localhost:0"));
    }
    site.append(property("yarn.resourcemanager.hostname", "localhost"))
        .append(property("yarn.nodemanager.hostname", "localhost"))
        .append(property("yarn.nodemanager.resource.memory-mb", "6144"))
        .append(property("yarn.nodemanager.resource.cpu-vcores", "4"))
        .append(property("yarn.scheduler.minimum-allocation-mb", "256"))
        .append(
            property(
                "yarn.nodemanager.disk-health-checker.max-disk-utilization-per-disk-percentage",
                "99"))
        .append("</configuration>");
    Files.writeString(folder.resolve("yarn-site.xml"), site);
    Files.writeString(
        folder.resolve("capacity-scheduler.xml"),
        "<configuration>"
            + property("yarn.scheduler.capacity.root.queues", "default")
            + property("yarn.scheduler.capacity.root.default.capacity", "100")
            + property("yarn.scheduler.capacity.maximum-am-resource-percent", "0.8")
            + "</configuration>");
    Configuration settings = new Configuration();
    settings.addResource(new org.apache.hadoop.fs.Path(folder.resolve("yarn-site.xml").toUri()));
    client.init(settings);
    client.start();
    ServerProcess manager = start("resourcemanager", "resourcemanager.ResourceManager", List.of());
    for (int i = 0; i < nodes; i++) {
      start("nodemanager" + i, "nodemanager.NodeManager", nodeManager(i));
    }
    manager.await("all NodeManagers have registered", () -> running() == nodes);
  }

  private List<String> nodeManager(int number) {
    return List.of(
        "-D", "yarn.nodemanager.local-dirs=" + folder.resolve("containers" + number),
        "-D", "yarn.nodemanager.log-dirs=" + logs().resolve(Integer.toString(number)));
  }

  private Path logs() {
    return folder.resolve("containers.log");
  }

  private int running() {
    try {
      return client.getNodeReports(NodeState.RUNNING).size();
    } catch (IOException | YarnException e) {
      return 0; // not up yet
    }
  }

  private ServerProcess start(String name, String main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(ServerProcess.java());
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.add("--add-opens=java.base/java.lang=ALL-UNNAMED"); // for its web pages
    command.addAll(List.of("-cp", classPath, SERVER + main));
    command.addAll(arguments);
    Map<String, String> environment = Map.of("JAVA_HOME", System.getProperty("java.home"));
    ServerProcess process = ServerProcess.start(folder, name, environment, command);
    processes.add(process);
    return process;
  }

  /** How the application that was begun last ended, and why. */
  String lastEnd() throws IOException {
    try {
      ApplicationReport newest = null;
      for (ApplicationReport one : client.getApplications()) {
        if (newest == null || one.getStartTime() > newest.getStartTime()) {
          newest = one;
        }
      }
      return newest == null
          ? "no application"
          : newest.getFinalApplicationStatus() + " " + newest.getDiagnostics();
    } catch (YarnException e) {
      throw new IOException(e);
    }
  }

  /** What all containers wrote to standard output, drivers in cluster mode among them. */
  String output() throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.walk(logs())) {
      for (Path file : files.filter(one -> one.endsWith("stdout")).sorted().toList()) {
        all.append(Files.readString(file));
      }
    }
    return all.toString();
  }

  @Override
  public void close() {
    client.stop();
    for (int i = processes.size() - 1; i >= 0; i--) {
      processes.get(i).kill();
    }
  }
}
