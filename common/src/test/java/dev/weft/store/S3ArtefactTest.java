package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * The snapshot protocol through S3A on an S3 server: Adobe's S3Mock, a process of its own.
 *
 * <pre>mvn -Ps3 -pl common test -Dtest=S3ArtefactTest</pre>
 */
@EnabledIfSystemProperty(
    named = "weft.s3mock",
    matches = ".+",
    disabledReason = "needs the Maven profile s3, which brings an S3 server and hadoop-aws")
class S3ArtefactTest {
  @TempDir private static Path folder;

  private static Process server;
  private static Configuration settings;

  @BeforeAll
  static void start() throws Exception {
    int http = freePort();
    ProcessBuilder builder =
        new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-jar",
            System.getProperty("weft.s3mock"),
            "--server.port=" + freePort(),
            "--com.adobe.testing.s3mock.httpPort=" + http,
            "--com.adobe.testing.s3mock.store.initialBuckets=weft",
            "--com.adobe.testing.s3mock.store.root=" + folder.resolve("store"));
    server =
        builder
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("server.log").toFile())
            .start();
    settings = new Configuration();
    settings.set("fs.s3a.endpoint", "http://localhost:" + http);
    settings.set("fs.s3a.endpoint.region", "us-east-1");
    settings.set("fs.s3a.path.style.access", "true");
    settings.set("fs.s3a.access.key", "id");
    settings.set("fs.s3a.secret.key", "key");
    awaitServer(URI.create("http://localhost:" + http));
  }

  private static int freePort() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void awaitServer(URI uri) throws Exception {
    for (int i = 0; i < 600; i++) {
      try {
        HttpURLConnection asked = (HttpURLConnection) uri.toURL().openConnection();
        if (asked.getResponseCode() == 200) {
          return;
        }
      } catch (java.io.IOException e) {
        // not yet
      }
      Thread.sleep(100);
    }
    throw new AssertionError(java.nio.file.Files.readString(folder.resolve("server.log")));
  }

  @AfterAll
  static void stop() throws Exception {
    server.destroy();
    server.waitFor();
  }

  private static StoreContract contract(String name) {
    return new StoreContract(settings, "s3a://weft/" + name);
  }

  @Test
  void theProbeFindsItSafe() {
    contract("probe").theProbeFindsItSafe();
  }

  @Test
  void ofManyWritersAtOnceEachGetsAVersionOfItsOwn() throws Exception {
    contract("many").everyWriterGetsAVersionOfItsOwn(() -> true, 1);
  }

  @Test
  void ofTwoDriversWithOneRunKeyOneVersionComesOut() {
    contract("drivers").ofTwoDriversOneVersionComesOut();
  }

  @Test
  void aFileOfSeveralPartsIsReadBack() {
    byte[] large = new byte[12 << 20];
    new Random(1).nextBytes(large);
    Configuration parts = new Configuration(settings);
    parts.set("fs.s3a.multipart.size", "5M");
    Artefact artefact = Artefact.open(parts, "s3a://weft/parts", "index");
    Attempt attempt = artefact.begin("a1");
    attempt.write("codes.bin", large);

    Snapshot committed = attempt.commit(Outputs.request("x"));
    artefact.tag("prod", committed.version(), Clock.systemUTC());

    committed.verify();
    assertThat(committed.read("codes.bin")).isEqualTo(large);
    assertThat(artefact.tagged("prod")).isPresent();
  }
}
