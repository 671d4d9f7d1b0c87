package dev.weft.jobs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.Provenance;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandLineInterfaceTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  @TempDir private Path folder;

  private int weft(String... args) {
    return new CommandLineInterface(
            new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8))
        .run(args);
  }

  private String config(String yaml) throws IOException {
    return Files.writeString(folder.resolve("my.yaml"), yaml).toString();
  }

  @Test
  void helpOfACommandEndsWithExamples() {
    assertThat(weft("train", "--help")).isZero();
    assertThat(out.toString(UTF_8)).contains("--config=FILE", "Examples:", "scripts/weft train");
  }

  @Test
  void examplesCanBePasted() {
    assertThat(weft("score", "--help")).isZero();
    assertThat(weft("doctor", "--help")).isZero();
    assertThat(out.toString(UTF_8).lines()).allMatch(line -> line.length() < 100);
    assertThat(out.toString(UTF_8).replaceAll("\\\\\\R +", ""))
        .containsPattern("data/circo/annotations --predictions val.json\\R")
        .containsPattern("\\R  WEFT_SPARK_CONF=my-spark.conf scripts/weft doctor --config");
  }

  @Test
  void anUnknownCommandIsAUsageErrorThatSuggests() {
    assertThat(weft("trian", "--config", "x")).isEqualTo(64);
    assertThat(err.toString(UTF_8)).contains("Cannot run 'weft trian --config x'", "weft train");
  }

  @Test
  void aMissingOptionIsAUsageError() {
    assertThat(weft("train")).isEqualTo(64);
    assertThat(err.toString(UTF_8)).contains("--config", "scripts/weft train --help");
  }

  @Test
  void aJavaTooNewForHadoopIsNamed() {
    Exception thrown =
        new IllegalStateException(new UnsupportedOperationException("getSubject is not supported"));
    assertThat(CommandLineInterface.plain(thrown))
        .hasMessageMatching(
            "Cannot run on Java \\d+: Hadoop 3\\.\\d\\.\\d calls Subject.getSubject, .*"
                + " Set JAVA_HOME to a JDK 17 or 21\\.");
    assertThat(CommandLineInterface.plain(new UnsupportedOperationException("other")))
        .hasMessageStartingWith("Cannot go on: java.lang.UnsupportedOperationException: other.");
  }

  /** As in local mode, where the driver's memory is that of the tasks. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "Job 3 cancelled because SparkContext was shut down",
        "Lost task 2.0 in stage 9.0: TaskResultLost (result lost from block manager)"
      })
  void aSparkThatGaveWayIsNoBug(String message) {
    Exception thrown = new SparkException(message + "\nDriver stacktrace:", /* cause= */ null);
    assertThat(CommandLineInterface.plain(new IllegalStateException(thrown)))
        .hasMessageStartingWith(
            "Cannot go on: Spark gave way while it was at work (" + message + "). The lines above")
        .hasMessageContaining("raise spark.driver.memory")
        .extracting(WeftException::exitCode)
        .isEqualTo(ExitCode.RESOURCE_MISSING);
    assertThat(CommandLineInterface.plain(new SparkException((String) null, /* cause= */ null)))
        .hasMessageStartingWith("Cannot go on: org.apache.spark.SparkException")
        .hasMessageContaining("This is a bug of Weft");
  }

  @Test
  void aMissingConfigurationIsNamed() {
    assertThat(weft("train", "--config", "nowhere.yaml")).isEqualTo(66);
    assertThat(err.toString(UTF_8)).contains("Cannot read the configuration nowhere.yaml");
    assertThat(out.toString(UTF_8))
        .startsWith("RESULT {\"stage\":\"train\",\"status\":\"failed\",\"exit_code\":66");
  }

  @Test
  void everyWrongSettingIsReportedBeforeSparkStarts() throws IOException {
    String file = config("train:\n  epochs: fast\n  batchsize: 3\nevaluate:\n  cohort: best\n");

    assertThat(weft("train", "--config", file, "--set", "run=a/b")).isEqualTo(78);
    assertThat(err.toString(UTF_8))
        .contains("problems in " + file)
        .contains("train.epochs must be of type int, found 'fast' (" + file + ", line 2)")
        .contains("train.batchsize is not a known key; did you mean train.batch-size?")
        .contains("evaluate.cohort must be one of");
  }

  @ParameterizedTest
  @ValueSource(strings = {"print-config", "train", "status", "doctor"})
  void aPasswordInAUriIsRefusedAndNeverShown(String command) throws IOException {
    String file = config("root: s3a://id:hunter2@bucket/weft\n");

    assertThat(weft(command, "--config", file, "--debug")).isEqualTo(78);
    assertThat(err.toString(UTF_8)).contains("root has a password in a URI (" + file + ", line 1)");
    assertThat(out.toString(UTF_8) + err.toString(UTF_8)).doesNotContain("hunter2");
  }

  @Test
  void statusEndsWithTheExitCodeOfAScheduledRun() throws IOException {
    String file = config("root: '" + folder.resolve("runs") + "'\n");
    assertThat(weft("fine-tune", "--config", file, "--run-id", "nightly")).isEqualTo(78);
    String key = "run key ";
    String said = err.toString(UTF_8);
    int at = said.indexOf(key) + key.length();
    out.reset();

    assertThat(weft("status", "--config", file, "--run-id", "nightly")).isEqualTo(78);
    assertThat(out.toString(UTF_8))
        .contains("\"run_status\":\"failed\",\"exit_code\":78,\"cause\":\"")
        .contains("ingest.datasets must name at least one data set");
    assertThat(weft("status", "--config", file, "--run-key", said.substring(at, at + 12)))
        .isEqualTo(78);
    assertThat(weft("status", "--config", file, "--run-id", "weekly")).isEqualTo(66);
  }

  @Test
  void printConfigShowsValuesAndTheirPlace() throws IOException {
    String file = config("train:\n  epochs: 4\n");

    assertThat(weft("print-config", "--config", file, "--set", "seed=9")).isZero();
    assertThat(out.toString(UTF_8))
        .containsPattern("seed: 9 +# --set")
        .containsPattern("train.epochs: 4 +# .*my.yaml, line 2")
        .containsPattern("train.batch-size: \\d+ +# conf/defaults.yaml, line \\d+");
  }

  @Test
  void compareListsNoNegativeNumberOfQueries() {
    assertThat(weft("compare", "a", "b", "--queries", "-3")).isEqualTo(64);
    assertThat(err.toString(UTF_8)).contains("Cannot list -3 queries: --queries takes a number");
  }

  private static void commit(Path root, String id, byte... content) {
    Attempt attempt = Artefact.open(new Configuration(), root.toString(), "index").begin(id);
    attempt.write("params.bin", content);
    Provenance provenance = Provenance.here("hash", Map.of(), "test", 1);
    String key = id.charAt(1) + "0".repeat(63);
    attempt.commit(new CommitRequest(key, provenance, Map.of(), Map.of(), Instant.EPOCH));
  }

  @Test
  void vacuumListsTheVersionsThatItRetires() throws IOException {
    Path root = folder.resolve("root");
    for (int version = 1; version <= 3; version++) {
      commit(root, "a" + version, (byte) version);
    }
    String file = config("root: " + root + "\n");

    assertThat(weft("tag", "index", "1", "candidate", "--config", file)).isZero();
    assertThat(weft("vacuum", "--config", file, "--keep", "1")).isZero();
    assertThat(out.toString(UTF_8))
        .contains("index: version 1 is candidate")
        .contains("index version 2 would be retired")
        .contains(
            "would be retired: 1 versions; would be deleted: 0 files of 0 bytes; the files of")
        .contains("\"retired\":{\"index\":[2]},\"files\":0,\"bytes\":0,\"deleted\":false");
    out.reset();

    assertThat(weft("vacuum", "--config", file, "--keep", "1", "--delete")).isZero();
    assertThat(out.toString(UTF_8))
        .contains("index version 2 retired")
        .contains("\"retired\":{\"index\":[2]}")
        .contains("\"deleted\":true");
    out.reset();

    assertThat(weft("vacuum", "--config", file, "--keep", "1")).isZero();
    assertThat(out.toString(UTF_8)).contains("\"retired\":{},\"files\":0");
  }

  @Test
  void vacuumRefusesToKeepNothing() throws IOException {
    String file = config("root: " + folder + "\n");

    assertThat(weft("vacuum", "--config", file, "--keep", "0")).isEqualTo(64);
    assertThat(err.toString(UTF_8)).contains("Cannot keep the newest 0 versions");
    assertThat(weft("vacuum", "--config", file, "--grace", "week")).isEqualTo(64);
    assertThat(err.toString(UTF_8)).contains("'week' is no ISO duration, such as P7D for seven");
  }

  @Test
  void verifyFindsADamagedFileAndNamesIt() throws IOException {
    Path root = folder.resolve("root");
    commit(root, "a1", (byte) 1, (byte) 2, (byte) 3);
    String file = config("root: " + root + "\n");

    assertThat(weft("status", "--verify", "--config", file)).isZero();
    assertThat(out.toString(UTF_8)).contains("\"files\":2,\"bytes\":3,\"damaged\":0");

    Files.write(root.resolve("index/data/a1/params.bin"), new byte[] {1, 2, 7});
    assertThat(weft("status", "--verify", "--config", file)).isEqualTo(74);
    assertThat(out.toString(UTF_8))
        .contains("Cannot read version 1 of index", "params.bin has not the content")
        .contains("\"damaged\":1");
  }

  @Test
  void scoreEndsWithItsMetricsAsFractions() {
    String golden = "../common/src/test/resources/golden/scores/cirr";
    String recall = golden + "/recall.json";
    String subset = golden + "/recall_subset.json";

    assertThat(
            weft(
                "score",
                "--protocol",
                "cirr/val",
                "--annotations",
                golden,
                "--predictions",
                recall,
                subset))
        .isZero();
    assertThat(out.toString(UTF_8))
        .contains("cirr/val: 25 queries in 90 images; ties: as in the file")
        .contains("R_subset@1 ")
        .contains(
            "RESULT {\"stage\":\"score\",\"status\":\"done\",\"protocol\":\"cirr/val\",\"metrics\":{\"R@1\":0.52,");

    assertThat(weft("score", "--protocol", "cirr/val", "--predictions", recall)).isEqualTo(64);
    assertThat(err.toString(UTF_8))
        .contains("Cannot find the right answers of cirr/val: neither --annotations nor");
  }
}
