package dev.weft.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The snapshot protocol on a real HDFS: one NameNode and two DataNodes in this process. */
class HdfsArtefactTest {
  @TempDir private static Path folder;

  private static MiniDFSCluster cluster;
  private static Configuration settings;
  private static String root;

  @BeforeAll
  static void start() throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.toString());
    // As the templates of conf/ have it: a NameNode that restarts is waited for.
    configuration.setBoolean("dfs.client.retry.policy.enabled", true);
    cluster = new MiniDFSCluster.Builder(configuration).numDataNodes(2).build();
    cluster.waitActive();
    settings = cluster.getConfiguration(0);
    root = cluster.getFileSystem().getUri() + "/weft";
  }

  @AfterAll
  static void stop() {
    cluster.shutdown();
  }

  private static StoreContract contract(String folder) {
    return new StoreContract(settings, root + "/" + folder);
  }

  @Test
  void whatIsCommittedIsReadBackAfterARestartOfTheNameNode() throws Exception {
    Artefact artefact = Artefact.open(settings, root, "index");
    Attempt attempt = artefact.begin("a1");
    attempt.write("head.json", "{}".getBytes(UTF_8));
    Snapshot committed = attempt.commit(Outputs.request("x"));

    cluster.restartNameNode();

    Snapshot latest = Artefact.open(settings, root, "index").require();
    assertThat(latest.version()).isEqualTo(committed.version());
    assertThat(latest.read("head.json")).isEqualTo("{}".getBytes(UTF_8));
    latest.verify();
  }

  @Test
  void aDataNodeThatDiesWhileAFileIsWrittenCostsNothing() throws Exception {
    byte[] half = new byte[1 << 20];
    new Random(1).nextBytes(half);
    Attempt attempt = contract("killed").artefact("index").begin("a1");
    MiniDFSCluster.DataNodeProperties dead;
    try (HashingOutput out = attempt.create("codes.bin")) {
      out.write(half);
      dead = cluster.stopDataNode(0);
      out.write(half);
    }

    Snapshot committed = attempt.commit(Outputs.request("x"));

    committed.verify();
    assertThat(committed.read("codes.bin")).hasSize(2 << 20).startsWith(half).endsWith(half);
    assertThat(cluster.restartDataNode(dead)).isTrue();
    cluster.waitActive();
  }

  @Test
  void ofManyWritersAtOnceEachGetsAVersionOfItsOwn() throws Exception {
    contract("many").everyWriterGetsAVersionOfItsOwn(() -> true, 1);
  }

  @Test
  void aNameNodeThatIsRestartedAmongCommitsLosesNone() throws Exception {
    contract("restarted")
        .everyWriterGetsAVersionOfItsOwn(
            () -> {
              cluster.restartNameNode();
              return true;
            },
            30);
  }

  @Test
  void ofTwoDriversWithOneRunKeyOneVersionComesOut() {
    contract("drivers").ofTwoDriversOneVersionComesOut();
  }

  @Test
  void theProbeFindsItSafe() {
    contract("probe").theProbeFindsItSafe();
  }

  @Test
  void noTemporaryFileStays() throws Exception {
    Artefact artefact = Artefact.open(settings, root, "align");
    Attempt attempt = artefact.begin("a1");
    attempt.write("encoder.json", new byte[] {1});
    Snapshot committed = attempt.commit(Outputs.request("y"));
    artefact.tag("prod", committed.version(), Clock.systemUTC());

    FileSystem files = cluster.getFileSystem();
    assertThat(files.listStatus(new org.apache.hadoop.fs.Path(artefact.folder(), "_versions")))
        .extracting(status -> status.getPath().getName())
        .containsExactly("00000000000000000001.json");
    assertThat(artefact.tagged("prod")).isPresent();
  }
}
