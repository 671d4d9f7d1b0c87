package dev.weft.jobs.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.ExitCode;
import dev.weft.config.Settings;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Session;
import dev.weft.jobs.TinyPipeline;
import dev.weft.jobs.doctor.Check.Outcome;
import dev.weft.store.StoreProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Everything outside a process, each check by breaking what it looks at. */
class DoctorTest {
  private static final List<String> SOUND =
      List.of(
          "spark.master=yarn",
          "spark.executor.instances=2",
          "spark.executor.cores=4",
          "spark.task.cpus=4",
          "spark.executor.memory=4g",
          "spark.executor.memoryOverhead=8g",
          "spark.executor.defaultJavaOptions=-Dorg.bytedeco.javacpp.maxbytes=6g",
          "spark.locality.wait=0s",
          "spark.sql.session.timeZone=UTC");

  @TempDir private Path folder;

  private static PipelineConfig config(String... pairs) {
    return PipelineConfig.bind(
        PipelineConfig.defaults().overriddenBy(Settings.ofPairs(List.of(pairs))), "the test");
  }

  private static List<Check> cluster(PipelineConfig config, int executors, String... changes) {
    SparkConf conf = new SparkConf(false);
    Stream.concat(SOUND.stream(), Arrays.stream(changes))
        .map(pair -> pair.split("=", 2))
        .forEach(pair -> conf.set(pair[0], pair[1]));
    return ClusterChecks.of(conf, config, executors, 512);
  }

  private static List<String> wrong(List<Check> checks) {
    return checks.stream()
        .filter(check -> check.outcome() != Outcome.OK)
        .peek(check -> assertThat(check.why()).isNotBlank())
        .peek(check -> assertThat(check.change()).isNotBlank())
        .map(Check::name)
        .toList();
  }

  @Test
  void soundSettingsAreFine() {
    assertThat(wrong(cluster(config(), 2))).isEmpty();
    assertThat(wrong(ClusterChecks.of(new SparkConf(false), config(), 1, 512))).isEmpty();
  }

  static Stream<Arguments> brokenSettings() {
    return Stream.of(
        Arguments.of("executors-all", config(), "spark.executor.instances=3"),
        Arguments.of("one-task-per-executor", config(), "spark.task.cpus=1"),
        Arguments.of(
            "executor-off-heap-bound", config(), "spark.executor.defaultJavaOptions=-Dx=1"),
        Arguments.of("memory-overhead", config(), "spark.executor.memoryOverhead=1g"),
        Arguments.of("result-size", config(), "spark.driver.maxResultSize=1m"),
        Arguments.of("gpus-per-executor", config(), "spark.executor.resource.gpu.amount=2"),
        Arguments.of("gpu-asked-for", config("compute.backend=cuda"), "spark.x=1"),
        Arguments.of("secrets-redacted", config(), "spark.hadoop.fs.x.credential=abc"),
        Arguments.of("secrets-in-uris", config("root='s3a://id:key@bucket/x'"), "spark.x=1"),
        Arguments.of("locality-wait", config(), "spark.locality.wait=3s"),
        Arguments.of("time-zone", config(), "spark.sql.session.timeZone=CET"),
        Arguments.of("stable-partitions", config(), "spark.dynamicAllocation.enabled=true"));
  }

  @ParameterizedTest
  @MethodSource("brokenSettings")
  void aWrongSettingIsFound(String name, PipelineConfig config, String change) {
    assertThat(wrong(cluster(config, 2, change))).containsExactly(name);
  }

  @Test
  void noExecutorsAreAnError() {
    assertThat(wrong(cluster(config(), 0))).contains("executors");
  }

  @Test
  void aSecretIsNeverShown() {
    assertThat(cluster(config("root='s3a://id:hunter2@b/x'"), 2, "spark.hadoop.a.passwd=hunter2"))
        .noneMatch(check -> check.lines().contains("hunter2"));
  }

  @Test
  void theRootIsTriedAndLeftAsItWas() throws IOException {
    StoreProbe sound = StoreProbe.of(new Configuration(), folder.toString(), Clock.systemUTC());
    assertThat(wrong(StorageChecks.of("root", sound))).isEmpty();
    assertThat(folder).isEmptyDirectory();

    Path file = Files.writeString(folder.resolve("file"), "not a folder");
    assertThat(
            wrong(
                StorageChecks.of(
                    "root",
                    StoreProbe.of(new Configuration(), file.toString(), Clock.systemUTC()))))
        .containsExactly("root-writable");
    assertThat(
            wrong(
                StorageChecks.of(
                    "root", new StoreProbe("", false, false, 90_000, Optional.of(5L)))))
        .containsExactly("root-exclusive-create", "root-listing", "root-clock", "root-room");
  }

  @Test
  void aLongOrLargePlanIsFound() {
    assertThat(
            wrong(
                PlanChecks.of(
                    new DataChecks.Found(List.of(), 3_000_000, 0.1),
                    512,
                    2,
                    Optional.of(1L << 30))))
        .containsExactly("reading-time", "vectors-room", "message-size");
    assertThat(
            wrong(
                PlanChecks.of(
                    new DataChecks.Found(List.of(), 100, 0.01), 512, 2, Optional.empty())))
        .isEmpty();
  }

  @Test
  void aWholePipelineIsSoundUntilItIsBroken() throws IOException {
    Path root = folder.resolve("root");
    Doctor.Diagnosis sound = Doctor.run(TinyPipeline.sessionOn(root), "test");
    assertThat(sound.checks()).filteredOn(check -> check.outcome() == Outcome.ERROR).isEmpty();
    assertThat(sound.exitCode()).isEqualTo(ExitCode.OK);
    assertThat(sound.checks().stream().map(Check::name).distinct().count())
        .isGreaterThanOrEqualTo(40);

    // A data set that is not there, and images that are not.
    List<String> pairs = new ArrayList<>();
    pairs.add(
        "ingest.datasets=[{name: gone, layout: circo, annotations: '"
            + folder.resolve("gone")
            + "', images: '', descriptions: ''}, {name: fashioniq, layout: fashioniq, annotations:"
            + " '${wardrobe.folder}', images: '"
            + folder
            + "', descriptions: ''}]");

    Doctor.Diagnosis broken =
        Doctor.run(TinyPipeline.session(pairs.toArray(String[]::new)), "test");

    assertThat(broken.exitCode()).isEqualTo(ExitCode.RESOURCE_MISSING);
    assertThat(broken.checks())
        .filteredOn(check -> check.outcome() == Outcome.ERROR)
        .extracting(check -> check.name() + " " + check.where())
        .contains("annotations gone", "image-sample fashioniq");
    assertThat(wrong(broken.checks())).contains("counts");
  }

  @Test
  void aFlippedBitIsFound() throws IOException {
    Path root = folder.resolve("root");
    Session session = TinyPipeline.sessionOn(root);
    Path head;
    try (Stream<Path> files = Files.walk(root.resolve("train").resolve("gated"))) {
      head = files.filter(file -> file.endsWith("params.bin")).findFirst().orElseThrow();
    }
    byte[] bytes = Files.readAllBytes(head);
    bytes[7] ^= 1;
    Files.write(head, bytes);

    assertThat(ArtefactChecks.of(session))
        .filteredOn(check -> check.outcome() == Outcome.ERROR)
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.where()).isEqualTo("train/gated");
              assertThat(check.change()).contains("scripts/weft train --force");
            });
  }
}
