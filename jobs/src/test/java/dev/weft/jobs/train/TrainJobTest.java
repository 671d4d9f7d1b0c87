package dev.weft.jobs.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.store.Artefact;
import dev.weft.store.Attempt;
import dev.weft.store.CommitRequest;
import dev.weft.store.FileEntry;
import dev.weft.store.Snapshot;
import dev.weft.train.HeadArchitecture;
import dev.weft.train.HeadBundle;
import dev.weft.train.TripletTable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainJobTest {
  private static final String[] SHORT = {
    "train.heads=[gated]", "train.epochs=2", "train.batch-size=32", "train.warmup-steps=2"
  };

  private static final String MANY = "train.epochs=1000";

  @TempDir static Path shared;
  private static EncodedTriplets original;

  @TempDir Path root;
  private EncodedTriplets problem;

  @BeforeAll
  static void write() {
    original = EncodedTriplets.written(shared, 150);
  }

  @BeforeEach
  void copy() {
    problem = original.copy(root);
  }

  private static String[] with(String... more) {
    List<String> pairs = new ArrayList<>(List.of(SHORT));
    pairs.addAll(List.of(more));
    return pairs.toArray(String[]::new);
  }

  private Snapshot head(String name) {
    return problem.artefact("train/" + name).require();
  }

  private static Map<String, Object> facts(Snapshot snapshot) {
    return snapshot.manifest().facts();
  }

  private List<Double> losses(String head) {
    try {
      List<Double> losses = new ArrayList<>();
      for (JsonNode epoch : new JsonMapper().readTree(head(head).read("history.json"))) {
        losses.add(epoch.get("loss").asDouble());
      }
      return losses;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everyHeadIsAnArtefactThatLoads() {
    StageResult result =
        TrainJob.run(
            problem.session(
                with("train.heads=[sum, weighted, gated, combiner]", "train.mix=slerp")));

    assertThat(result.status()).isEqualTo(StageResult.DONE);
    assertThat(result.figures().get("heads").toString()).contains("parameters_sha256", "version=1");
    for (String name : List.of("sum", "weighted", "gated", "combiner")) {
      Snapshot snapshot = head(name);
      HeadBundle head =
          HeadBundle.of(
              Map.of(
                  "head.json", snapshot.read("head.json"),
                  "params.bin", snapshot.read("params.bin")));
      assertThat(head.architecture().kind().name()).isEqualToIgnoringCase(name);
      assertThat(head.architecture().dimension()).isEqualTo(EncodedTriplets.WIDTH);
      assertThat(head.encoder()).isEqualTo("encoder-for-tests");
      assertThat(facts(snapshot)).containsEntry("parameters", head.parameters().length);
    }
    assertThat(facts(head("gated")))
        .containsEntry("steps", 10)
        .containsEntry("triplets", 150)
        .containsEntry("partitions", 1)
        .containsKeys("loss", "logit_scale", "seconds_per_step");
    assertThat(facts(head("gated")).get("step_cost").toString())
        .contains("reduction=server", "compute_ms=", "predicted_ms={", "best_workers=");
    assertThat(problem.said())
        .contains("  a step of ")
        .contains("  predicted ms by number of such workers: 2: ");
    assertThat(losses("gated")).hasSize(2);
    assertThat(losses("weighted")).isEmpty();
  }

  @Test
  void trainingFindsWhatASumCannot() {
    TrainJob.run(problem.session(with("train.epochs=15", "train.learning-rate=0.02")));

    assertThat(losses("gated").get(14)).isLessThan(losses("gated").get(0) / 3);
  }

  @Test
  void anyNumberOfPartitionsGivesTheLossOfOne() {
    List<List<Double>> losses = new ArrayList<>();
    for (int partitions : new int[] {1, 2, 5, 40}) {
      TrainJob.run(problem.session(with("train.partitions=" + partitions)));
      losses.add(losses("gated"));
      assertThat(facts(head("gated"))).containsEntry("partitions", partitions);
    }

    for (List<Double> found : losses) {
      for (int epoch = 0; epoch < 2; epoch++) {
        double one = losses.get(0).get(epoch);
        assertThat(found.get(epoch)).isCloseTo(one, within(1e-5 * one));
      }
    }
  }

  @Test
  void aSymmetricLossIsThatOfOnePartitionToo() {
    List<List<Double>> losses = new ArrayList<>();
    for (int partitions : new int[] {1, 3}) {
      TrainJob.run(
          problem.session(with("train.direction=symmetric", "train.partitions=" + partitions)));
      losses.add(losses("gated"));
    }

    for (int epoch = 0; epoch < 2; epoch++) {
      double one = losses.get(0).get(epoch);
      assertThat(losses.get(1).get(epoch)).isCloseTo(one, within(1e-5 * one));
    }
  }

  @Test
  void whereTheGradientsAreAddedUpChangesNoByte() {
    TrainJob.run(problem.session(with("train.partitions=3")));
    byte[] served = head("gated").read("params.bin");
    assertThat(problem.said()).contains("the driver, which serves tasks that stay");
    TrainJob.run(problem.forced(with("train.partitions=3", "train.reduce=driver")));
    assertThat(head("gated").read("params.bin")).isEqualTo(served);

    TrainJob.run(problem.forced(with("train.partitions=3", "train.reduce=shuffle")));

    assertThat(head("gated").version()).isEqualTo(3);
    assertThat(facts(head("gated")).get("step_cost").toString()).contains("reduction=shuffle");
    assertThat(problem.said()).contains("added up by the workers, in pieces");
    assertThat(head("gated").read("params.bin")).isEqualTo(served);
  }

  @Test
  void localStepsAreAnotherAlgorithmAndSaySo() {
    String[] local = with("train.partitions=3", "train.sync=local", "train.local-steps=2");
    TrainJob.run(problem.session(local));
    byte[] first = head("gated").read("params.bin");
    assertThat(facts(head("gated"))).containsEntry("algorithm", "local SGD, 2 local steps");
    assertThat(problem.said()).contains(" steps, local SGD, 2 local steps");

    TrainJob.run(problem.forced(local));
    assertThat(head("gated").version()).isEqualTo(2);
    assertThat(head("gated").read("params.bin")).isEqualTo(first);

    TrainJob.run(problem.session(with("train.partitions=3")));
    assertThat(head("gated").version()).isEqualTo(3);
    assertThat(head("gated").read("params.bin")).isNotEqualTo(first);
    assertThat(facts(head("gated"))).containsEntry("algorithm", "synchronous");
    StageResult same =
        TrainJob.run(problem.session(with("train.partitions=3", "train.local-steps=5")));
    assertThat(same.status()).isEqualTo(StageResult.UP_TO_DATE);
  }

  @Test
  void theSameSeedGivesTheSameBytesAndAnotherGivesOthers() {
    String[] settings = with("train.heads=[combiner]", "train.partitions=3");
    TrainJob.run(problem.session(settings));
    byte[] first = head("combiner").read("params.bin");

    TrainJob.run(problem.forced(settings));
    assertThat(head("combiner").version()).isEqualTo(2);
    assertThat(head("combiner").read("params.bin")).isEqualTo(first);

    TrainJob.run(problem.session(with("train.heads=[combiner]", "train.partitions=3", "seed=2")));
    assertThat(head("combiner").read("params.bin")).isNotEqualTo(first);
  }

  @Test
  void theFilesTheRowsLieInDoNotMatter() {
    TrainJob.run(problem.session(SHORT));
    byte[] first = head("gated").read("params.bin");
    List<Row> triplets = new ArrayList<>(problem.triplets(150));
    Collections.reverse(triplets);
    List<Row> images = new ArrayList<>(problem.images());
    Collections.reverse(images);

    problem.ingest(triplets);
    problem.encode(images, problem.texts());
    TrainJob.run(problem.session(SHORT));

    assertThat(head("gated").version()).isEqualTo(2);
    assertThat(head("gated").read("params.bin")).isEqualTo(first);
  }

  @Test
  void onlyTheHeadsThatASettingMattersToAreTrainedAgain() {
    TrainJob.run(problem.session(with("train.heads=[sum, weighted, gated]")));

    StageResult same =
        TrainJob.run(
            problem.session(
                with("train.heads=[weighted, gated, sum]", "train.checkpoint-steps=7")));
    assertThat(same.status()).isEqualTo(StageResult.UP_TO_DATE);

    StageResult other =
        TrainJob.run(
            problem.session(
                with("train.heads=[sum, weighted, gated]", "train.learning-rate=0.004")));
    assertThat(other.status()).isEqualTo(StageResult.DONE);
    assertThat(head("sum").version()).isEqualTo(1);
    assertThat(head("weighted").version()).isEqualTo(1);
    assertThat(head("gated").version()).isEqualTo(2);
  }

  @Test
  void checkpointsAreFewAndTheLastOneStays() {
    TrainJob.run(problem.session(with("train.checkpoint-steps=1")));

    List<Snapshot> checkpoints = problem.artefact("train/gated/checkpoint").history();
    assertThat(checkpoints).hasSize(1);
    assertThat(facts(checkpoints.get(0))).containsEntry("step", 10).containsEntry("partitions", 1);
  }

  @Test
  void imagesOfEqualContentAreOneImage() {
    Session session = problem.session(SHORT);

    assertThat(table(session).images())
        .isLessThanOrEqualTo(300)
        .isEqualTo(
            (int)
                problem.triplets(150).stream()
                    .filter(row -> row.getString(2).equals("train") && !row.isNullAt(5))
                    .flatMap(row -> Stream.of(row.getString(4), row.getString(5)))
                    .distinct()
                    .count());
  }

  private static TripletTable table(Session session) {
    try (TrainingData data =
        new TrainingData(
            session, session.artefact("ingest").require(), session.artefact("encode").require())) {
      return data.table();
    }
  }

  @Test
  void aTextWithoutVectorIsNamed() {
    List<Row> texts = new ArrayList<>(problem.texts());
    texts.removeIf(row -> row.getString(0).equals("has value 3 in place 1"));
    problem.encode(problem.images(), texts);

    assertThatThrownBy(() -> TrainJob.run(problem.session(SHORT)))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageMatching(
            "Cannot train: \\d+ of the 150 texts of the training triplets have no vector in \\S+,"
                + " among them 'has value 3 in place 1' of the triplet codes/\\w+/\\d+\\. Run"
                + " scripts/weft encode, with every form .*");
  }

  @Test
  void anImageWithoutVectorIsNamed() {
    String missing = problem.triplets(150).get(0).getString(4);
    List<Row> images = new ArrayList<>(problem.images());
    images.removeIf(row -> row.getString(2).equals(missing) && row.getString(1).equals("round"));
    problem.encode(images, problem.texts());

    assertThatThrownBy(() -> TrainJob.run(problem.session(SHORT)))
        .hasMessageMatching(
            "Cannot train: 1 of the \\d+ images of the training triplets have no vector in \\S+,"
                + " among them codes/round/"
                + missing
                + "\\. Run scripts/weft encode, then this command again\\.");
  }

  @Test
  void aDataSetWithoutImageFilesIsNamed() {
    problem.encode(List.of(), problem.texts());

    assertThatThrownBy(() -> TrainJob.run(problem.session(SHORT)))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessageContaining("Not one image of codes was encoded: where a data set was ingested")
        .hasMessageContaining("set ingest.images to read");
  }

  @Test
  void noTrainingTripletsIsAPlainError() {
    problem.ingest(
        problem.triplets(0)); // one of the split val, and one for training without a target

    assertThatThrownBy(() -> TrainJob.run(problem.session(SHORT)))
        .hasMessageMatching(
            "Cannot train: of the 2 triplets in \\S+ none is of the split train with a published"
                + " target\\. Name a data set .*");
  }

  @Test
  void captionFormsMustHaveBeenEncoded() {
    assertThatThrownBy(
            () ->
                TrainJob.run(
                    problem.session(with("train.caption-forms=[first-and-second, first]"))))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining(
            "train.caption-forms must be among encode.caption-forms ([first-and-second]), found"
                + " [first-and-second, first]");
  }

  @Test
  void moreResultsThanTheDriverTakesIsAPlainError() {
    assertThatThrownBy(
            () ->
                TrainJob.run(
                    problem.session(with("train.partitions=200000", "train.reduce=driver"))))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageMatching(
            "Cannot train the gated head in 200000 partitions: every step brings 200000 gradients"
                + " of 1 MiB to the driver, together 1679 MiB, and spark.driver.maxResultSize"
                + " allows 1024 MiB\\. Set spark.driver.maxResultSize to 1679m or more .* or set"
                + " train\\.reduce=shuffle\\.");
  }

  @Test
  void aLossThatIsNotFiniteStopsTheRun() {
    String[] diverging = with("train.logit-scale=1e300", "train.max-logit-scale=1e300");

    assertThatThrownBy(() -> TrainJob.run(problem.session(diverging)))
        .isInstanceOf(WeftException.class)
        .hasMessageMatching(
            "Cannot go on training the gated head: in step 0 \\(epoch 0\\) the loss is .*\\."
                + " 32 of its 32 triplets give it: (codes/(round|square)/\\d+, ){4}.* and more\\."
                + " Lower train\\.learning-rate .*");
    assertThat(problem.artefact("train/gated").latest()).isEmpty();
  }

  @Test
  void aRunThatWasStoppedAnywhereEndsInTheSameBytes() {
    String[] settings = with("train.heads=[combiner]", "train.checkpoint-steps=3");
    TrainJob.run(original.copy(root.resolve("undisturbed")).session(settings));
    byte[] undisturbed =
        Artefact.open(new Configuration(), root.resolve("undisturbed").toString(), "train/combiner")
            .require()
            .read("params.bin");
    for (int looks : new int[] {7, 8, 9, 14}) {
      assertThatThrownBy(() -> TrainJob.run(problem.timed(AtLook.stop(looks), settings)))
          .hasMessage("stopped");
      assertThat(problem.artefact("train/combiner").latest()).isEmpty();
    }

    TrainJob.run(problem.session(settings));

    assertThat(problem.said())
        .contains("; goes on after step 3, from version 1 of train/combiner/checkpoint");
    assertThat(head("combiner").read("params.bin")).isEqualTo(undisturbed);
  }

  @Test
  void aRunThatGoesOnKeepsItsPartitions() {
    String[] settings = with("train.checkpoint-steps=3", "train.partitions=0");
    assertThatThrownBy(() -> TrainJob.run(problem.timed(AtLook.stop(9), settings)))
        .hasMessage("stopped");
    Artefact checkpoints = problem.artefact("train/gated/checkpoint");
    Snapshot ofOne = checkpoints.require();
    Attempt ofThree = checkpoints.begin("three");
    for (FileEntry file : ofOne.manifest().files()) {
      ofThree.write(file.name(), ofOne.read(file.name()));
    }
    ofThree.commit(
        new CommitRequest(
            ofOne.manifest().runKey(),
            ofOne.manifest().provenance(),
            Map.of(),
            Map.of("step", 3, "partitions", 3),
            Instant.now()));

    TrainJob.run(problem.session(settings));

    assertThat(facts(head("gated"))).containsEntry("partitions", 3);
  }

  @Test
  void whatSparkGivesUpIsSaidPlainly() {
    AtomicBoolean ended = new AtomicBoolean();
    Thread canceller =
        new Thread(
            () -> {
              while (!ended.get()) {
                LocalSpark.session().sparkContext().cancelAllJobs();
                LockSupport.parkNanos(1_000_000); // Spark queues each, however many
              }
            });
    canceller.setDaemon(true);

    try {
      assertThatThrownBy(
              () -> TrainJob.run(problem.timed(new AtLook(9, canceller::start), with(MANY))))
          .isInstanceOfSatisfying(
              WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_LATER))
          .hasMessageMatching(
              "Cannot go on training: Spark gave up step \\d+ of the gated head"
                  + " \\(.*cancelled.*\\)\\. Look at the logs of the executors .* run the same"
                  + " command again: .*");
    } finally {
      ended.set(true);
    }
  }

  @Test
  void theArchitectureFollowsTheSettings() {
    TrainJob.run(problem.session(with("train.gate=scalar")));

    Snapshot snapshot = head("gated");
    HeadBundle head =
        HeadBundle.of(
            Map.of(
                "head.json", snapshot.read("head.json"),
                "params.bin", snapshot.read("params.bin")));
    assertThat(head.architecture())
        .isEqualTo(new HeadArchitecture.Gated(EncodedTriplets.WIDTH, HeadArchitecture.Gate.SCALAR));
  }
}
