package dev.weft.jobs.doctor;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.ExitCode;
import dev.weft.config.Settings;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.Session;
import dev.weft.jobs.TinyPipeline;
import dev.weft.jobs.doctor.Check.Outcome;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.Manifest;
import dev.weft.store.StoreProbe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
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
        Arguments.of("standalone-cores", config(), "spark.master=spark://h:7077 spark.cores.max=9"),
        Arguments.of("driver-memory-overhead", config(), "spark.submit.deployMode=cluster"),
        Arguments.of("executors-all", config(), "spark.executor.instances=3"),
        Arguments.of("one-task-per-executor", config(), "spark.task.cpus=1"),
        Arguments.of(
            "executor-off-heap-bound", config(), "spark.executor.defaultJavaOptions=-Dx=1"),
        Arguments.of("memory-overhead", config(), "spark.executor.memoryOverhead=1g"),
        Arguments.of("result-size", config(), "spark.driver.maxResultSize=1m"),
        Arguments.of("gpus-per-executor", config(), "spark.executor.resource.gpu.amount=2"),
        Arguments.of("gpu-asked-for", config("compute.backend=cuda"), "spark.x=1"),
        Arguments.of("secrets-redacted", config(), "spark.hadoop.fs.x.credential=abc"),
        Arguments.of("locality-wait", config(), "spark.locality.wait=3s"),
        Arguments.of("time-zone", config(), "spark.sql.session.timeZone=CET"),
        Arguments.of("stable-partitions", config(), "spark.dynamicAllocation.enabled=true"));
  }

  @ParameterizedTest
  @MethodSource("brokenSettings")
  void aWrongSettingIsFound(String name, PipelineConfig config, String change) {
    assertThat(wrong(cluster(config, 2, change.split(" ", -1)))).containsExactly(name);
  }

  @Test
  void noExecutorsAreAnError() {
    assertThat(wrong(cluster(config(), 0))).contains("executors");
  }

  @Test
  void aSecretIsNeverShown() {
    assertThat(cluster(config(), 2, "spark.hadoop.a.passwd=hunter2"))
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
  void rowsThatIngestWouldRefuseAreFound() throws IOException {
    Path triplets = folder.resolve("triplets.jsonl");
    Files.writeString(
        triplets,
        """
        {"split": "train", "reference": "a", "text": "in red", "target": "b"}
        {"split": "train", "reference": "a", "text": "in red", "target": "a"}
        """);
    String dataset =
        "ingest.datasets=[{name: shop, layout: jsonl, annotations: '%s', images: '', descriptions: ''}]"
            .formatted(triplets);

    assertThat(wrong(DataChecks.of(new Configuration(), config(dataset).ingest()).checks()))
        .containsExactly("bad-rows");
    assertThat(
            wrong(
                DataChecks.of(
                        new Configuration(),
                        config(dataset, "ingest.max-bad-fraction=0.5").ingest())
                    .checks()))
        .isEmpty();
  }

  @Test
  void vectorsOfAnotherEncoderAreFound() {
    Session session = TinyPipeline.sessionOn(folder.resolve("root"));
    assertThat(ArtefactChecks.of(session))
        .filteredOn(check -> check.outcome() != Outcome.OK)
        .isEmpty();
    Attempt stale = session.artefact("index").begin("stale");
    stale.write("index.json", new byte[] {1});
    Manifest encode = session.artefact("encode").require().manifest();
    stale.commit(
        new CommitRequest(
            encode.runKey(),
            encode.provenance(),
            Map.of(),
            Map.of("encoder", "another"),
            Instant.EPOCH));

    assertThat(ArtefactChecks.of(session))
        .filteredOn(check -> check.outcome() != Outcome.OK)
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.name() + " " + check.where()).isEqualTo("encoder-agreement index");
              assertThat(check.found())
                  .isEqualTo(
                      "made with another, the encoder in use is " + encode.facts().get("encoder"));
              assertThat(check.change()).isEqualTo("run scripts/weft index again");
            });
  }

  @Test
  void executorsThatDoNotAnswerAreFound() {
    JavaSparkContext spark = new JavaSparkContext(LocalSpark.session().sparkContext());
    ProcessFacts facts = ProcessProbe.look("executor 1", "test", 1, List.of());

    ExecutorAnswers sound =
        ExecutorAnswers.of(spark, "test", 4, version -> facts, Duration.ofSeconds(60));
    ExecutorAnswers broken =
        ExecutorAnswers.of(
            spark,
            "test",
            2,
            version -> {
              throw new IllegalStateException("no library on this host");
            },
            Duration.ofSeconds(60));
    ExecutorAnswers stuck =
        ExecutorAnswers.of(
            spark,
            "test",
            1,
            version -> {
              Thread.sleep(30_000);
              return facts;
            },
            Duration.ofSeconds(1));

    assertThat(sound.processes()).containsExactly(facts);
    assertThat(sound.check().outcome()).isEqualTo(Outcome.OK);
    assertThat(broken.check().outcome()).isEqualTo(Outcome.ERROR);
    assertThat(broken.check().found()).contains("no library on this host");
    assertThat(stuck.processes()).isEmpty();
    assertThat(stuck.check().found()).isEqualTo("no answer in 1 s");
  }

  @Test
  void aSparkThatDoesNotStartIsFound() {
    Doctor.Diagnosis diagnosis =
        Doctor.run(
            TinyPipeline.session(),
            "test",
            () -> {
              throw new IOException("Could not parse Master URL: 'sparc://h'");
            });

    assertThat(diagnosis.checks())
        .filteredOn(check -> check.name().equals("spark"))
        .singleElement()
        .satisfies(
            check -> {
              assertThat(check.outcome()).isEqualTo(Outcome.ERROR);
              assertThat(check.found()).contains("Could not parse Master URL: 'sparc://h'");
              assertThat(check.change()).startsWith("spark.master");
            });
    assertThat(diagnosis.exitCode()).isEqualTo(ExitCode.RESOURCE_MISSING);
  }

  @Test
  void aModelFolderIsOpenedAndABrokenOneFound() throws IOException {
    Path clip = Path.of("..", "common", "src", "test", "resources", "golden", "clip").toRealPath();
    Path broken = folder.resolve("clip");
    try (Stream<Path> files = Files.walk(clip)) {
      for (Path file : files.toList()) {
        Files.copy(file, broken.resolve(clip.relativize(file).toString()));
      }
    }
    Files.write(broken.resolve("onnx").resolve("text_model.onnx"), new byte[] {1, 2, 3});

    assertThat(ModelChecks.of(TinyPipeline.session("encode.model=" + clip)))
        .extracting(Check::found)
        .containsExactly("opens, vectors of width 24");
    assertThat(wrong(ModelChecks.of(TinyPipeline.session("encode.model=" + broken))))
        .containsExactly("model-folder");
    assertThat(wrong(ModelChecks.of(TinyPipeline.session("encode.model=" + folder + "/none"))))
        .containsExactly("model-folder");
    assertThat(ModelChecks.of(TinyPipeline.session())).isEmpty();
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
