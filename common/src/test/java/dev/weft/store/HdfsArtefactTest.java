package dev.weft.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The snapshot protocol on a real HDFS: one NameNode and one DataNode in this process. */
class HdfsArtefactTest {
  @TempDir private static Path folder;

  private static MiniDFSCluster cluster;
  private static Configuration settings;
  private static String root;

  @BeforeAll
  static void start() throws Exception {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.toString());
    cluster = new MiniDFSCluster.Builder(configuration).numDataNodes(1).build();
    cluster.waitActive();
    settings = cluster.getConfiguration(0);
    root = cluster.getFileSystem().getUri() + "/weft";
  }

  @AfterAll
  static void stop() {
    cluster.shutdown();
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
  void ofManyWritersAtOnceEachGetsAVersionOfItsOwn() throws Exception {
    ExecutorService writers = Executors.newFixedThreadPool(8);
    List<Future<Long>> versions = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String id = "w" + i;
      versions.add(
          writers.submit(
              () -> {
                Artefact artefact = Artefact.open(settings, root, "train/gated");
                Attempt attempt = artefact.begin(id);
                attempt.write("head.json", id.getBytes(UTF_8));
                return attempt.commit(Outputs.request(id)).version();
              }));
    }
    List<Long> taken = new ArrayList<>();
    for (Future<Long> version : versions) {
      taken.add(version.get());
    }
    writers.shutdown();

    assertThat(taken).containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
  }

  @Test
  void ofTwoDriversWithOneRunKeyOneVersionComesOut() {
    Artefact artefact = Artefact.open(settings, root, "encode");
    Attempt first = artefact.begin("d1");
    Attempt second = artefact.begin("d2");
    first.write("a", new byte[] {1});
    second.write("a", new byte[] {1});

    Snapshot winner = first.commit(Outputs.request("same"));
    Snapshot loser = second.commit(Outputs.request("same"));

    assertThat(loser.version()).isEqualTo(winner.version());
    assertThat(artefact.history()).hasSize(1);
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
