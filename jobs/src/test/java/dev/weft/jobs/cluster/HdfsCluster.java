package dev.weft.jobs.cluster;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.hadoop.fs.SafeModeAction;
import org.apache.hadoop.hdfs.DistributedFileSystem;
import org.apache.hadoop.hdfs.protocol.HdfsConstants.DatanodeReportType;
import org.apache.hadoop.hdfs.protocol.OpenFileEntry;
import org.apache.hadoop.hdfs.protocol.OpenFilesIterator.OpenFilesType;

/**
 * A real HDFS on this machine: a NameNode and DataNodes as processes of their own, from the jar
 * that Hadoop publishes for tests.
 */
final class HdfsCluster implements AutoCloseable {
  private static final String SERVER = "org.apache.hadoop.hdfs.server.";

  private final Path folder;
  private final String classPath;
  private final String uri;
  private final DistributedFileSystem files;
  private final List<ServerProcess> dataNodes = new ArrayList<>();
  private ServerProcess nameNode;

  /**
   * Formats and starts it, and waits until every DataNode is there.
   *
   * @param folder for logs and data, empty
   * @param classPath with the servers
   * @param nodes DataNodes
   */
  HdfsCluster(Path folder, String classPath, int nodes) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.classPath = folder + ":" + classPath;
    this.uri = "hdfs://localhost:" + freePort();
    Files.writeString(
        folder.resolve("hdfs-site.xml"),
        "<configuration>"
            + property("dfs.namenode.name.dir", folder.resolve("name").toUri().toString())
            + property("dfs.namenode.http-address", "localhost:0")
            + property("dfs.namenode.safemode.extension", "0")
            + property("dfs.heartbeat.interval", "1")
            + property("dfs.namenode.heartbeat.recheck-interval", "2000")
            + "</configuration>");
    Files.writeString(
        folder.resolve("core-site.xml"),
        "<configuration>" + property("fs.defaultFS", uri) + "</configuration>");
    start("format", "namenode.NameNode", List.of("-format", "-nonInteractive")).exitCode();
    nameNode = start("namenode", "namenode.NameNode", List.of());
    for (int i = 0; i < nodes; i++) {
      dataNodes.add(start("datanode" + i, "datanode.DataNode", dataNode(folder, i)));
    }
    files = (DistributedFileSystem) FileSystem.newInstance(URI.create(uri), new Configuration());
    nameNode.await("all DataNodes have registered", () -> live() == nodes);
  }

  /** A property of a configuration file of Hadoop. */
  static String property(String name, String value) {
    return "<property><name>" + name + "</name><value>" + value + "</value></property>\n";
  }

  /** A port that nobody listens on. */
  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private static List<String> dataNode(Path folder, int number) {
    List<String> arguments = new ArrayList<>();
    Map.of(
            "dfs.datanode.data.dir",
            folder.resolve("data" + number).toUri().toString(),
            "dfs.datanode.address",
            "localhost:0",
            "dfs.datanode.ipc.address",
            "localhost:0",
            "dfs.datanode.http.address",
            "localhost:0")
        .forEach((key, value) -> arguments.addAll(List.of("-D", key + "=" + value)));
    return arguments;
  }

  private ServerProcess start(String name, String main, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(ServerProcess.java());
    command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
    command.addAll(List.of("-cp", classPath, SERVER + main));
    command.addAll(arguments);
    return ServerProcess.start(folder, name, Map.of(), command);
  }

  /** Where it is: {@code hdfs://host:port}. */
  String uri() {
    return uri;
  }

  /** Copies a local file to it. */
  void put(Path local, String target) throws IOException {
    files.copyFromLocalFile(
        new org.apache.hadoop.fs.Path(local.toUri()), new org.apache.hadoop.fs.Path(target));
  }

  private int live() {
    try {
      return files.getDataNodeStats(DatanodeReportType.LIVE).length;
    } catch (IOException e) {
      return 0; // the NameNode is not up yet
    }
  }

  /** A file that is being written below a folder. */
  Optional<String> beingWritten(String below) {
    try {
      RemoteIterator<OpenFileEntry> open =
          files.listOpenFiles(EnumSet.of(OpenFilesType.ALL_OPEN_FILES), below);
      return open.hasNext() ? Optional.of(open.next().getFilePath()) : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether there is such a file or folder. */
  boolean exists(String path) {
    try {
      return files.exists(new org.apache.hadoop.fs.Path(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Ends a DataNode by SIGKILL; it does not come back. */
  void killDataNode(int number) {
    dataNodes.get(number).kill();
  }

  /**
   * Ends the NameNode by SIGKILL, starts it again, and waits until it takes writes.
   *
   * @return seconds without
   */
  double restartNameNode() {
    long start = System.nanoTime();
    nameNode.kill();
    nameNode = start("namenode-again", "namenode.NameNode", List.of());
    nameNode.await("the NameNode has left its safe mode", () -> !safe());
    return (System.nanoTime() - start) / 1e9;
  }

  private boolean safe() {
    try {
      return files.setSafeMode(SafeModeAction.GET);
    } catch (IOException e) {
      return true; // not up yet
    }
  }

  @Override
  public void close() throws IOException {
    files.close();
    dataNodes.forEach(ServerProcess::kill);
    nameNode.kill();
  }
}
