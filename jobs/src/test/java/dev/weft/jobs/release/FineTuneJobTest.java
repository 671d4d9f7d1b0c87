package dev.weft.jobs.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.store.Table;
import dev.weft.store.Artefact;
import dev.weft.store.Release;
import dev.weft.store.RunRecord;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;

/** The life of one root, run after run: each test goes on where the one before it ended. */
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FineTuneJobTest {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String REFUSE = "fine-tune.minimum-gain=1";

  @TempDir private static Path folder;

  private static FineTuneRuns runs;
  private static FineTuneRuns beforeNewData;

  @BeforeAll
  static void halfOfTheDataIsThere() {
    runs = new FineTuneRuns(folder.resolve("root"), folder.resolve("wardrobe"));
    runs.deliver(50);
  }

  @Test
  @Order(1)
  void theFirstRunReleases() {
    StageResult first = runs.run();

    assertThat(first.status()).isEqualTo("promoted");
    assertThat(first.figures())
        .containsEntry("reasons", List.of("the first release: there is no champion yet"))
        .containsEntry("current_release", 1L)
        .containsEntry("start", "scratch");
    assertThat(runs.release().parts())
        .isEqualTo(Map.of("align", 1L, "evaluate", 1L, "index", 1L, "train/gated", 1L));
    assertThat(runs.lastRun().status()).isEqualTo(RunRecord.Status.SUCCEEDED);
    assertThat(first.figures()).containsEntry("run_key", runs.lastRun().runKey());
  }

  @Test
  @Order(2)
  void nothingNewWritesNothing() {
    Map<String, Long> before = runs.versions();

    StageResult again = runs.run();

    assertThat(again.status()).isEqualTo("up to date");
    assertThat(runs.versions()).isEqualTo(before);
  }

  @Test
  @Order(3)
  void aChallengerThatBreaksARuleIsRefusedAndTheChampionStays() {
    Map<String, List<String>> champion = runs.released();

    StageResult refused = runs.run(REFUSE);

    assertThat(refused.status()).isEqualTo("refused");
    assertThat(refused.figures().get("reasons").toString())
        .contains("R@10 ", " -> ", "95 % interval [", "below fine-tune.minimum-gain (1.0)");
    assertThat(refused.figures())
        .containsEntry("protocol", "wardrobe/original")
        .containsEntry("champion_release", 1)
        .containsEntry("start", "train/gated version 1");
    assertThat(runs.release().version()).isEqualTo(1);
    assertThat(runs.released()).isEqualTo(champion);
    assertThat(runs.lastRun().exitCode()).isZero();
    assertThat(runs.run(REFUSE).status()).isEqualTo("up to date");
  }

  @Test
  @Order(4)
  void newDataIsTrainedOnFromTheChampionAndPromoted() {
    beforeNewData = runs.copy(folder.resolve("before"));
    runs.deliver(100);

    StageResult promoted = runs.run();

    assertThat(promoted.status()).isEqualTo("promoted");
    assertThat(runs.release().version()).isEqualTo(2);
    Snapshot head = runs.release().head().orElseThrow();
    assertThat(head.manifest().provenance().inputs())
        .containsEntry(
            "train/gated", runs.artefact("train/gated").at(1).orElseThrow().manifest().attempt());
    assertThat(runs.release().parts()).containsEntry("align", 1L); // the encoder is kept
    Map<String, Object> encoded = runs.artefact("encode").require().manifest().facts();
    assertThat((Integer) encoded.get("images_encoded")).isLessThan((Integer) encoded.get("images"));
    assertThat(promoted.figures().get("differences").toString()).contains("dress/R@10");
  }

  @Test
  @Order(5)
  void killedInOnePhaseAfterAnotherTheSameCommandEndsInTheSameRelease() {
    FineTuneRuns killed = beforeNewData.copy(folder.resolve("killed"));
    for (Phase phase : List.of(Phase.TRAIN, Phase.RELEASE, Phase.DECISION)) {
      FineTuneProcess.killIn(phase, killed);

      assertThat(killed.release().version())
          .as("released after a kill in %s", phase)
          .isEqualTo(phase == Phase.DECISION ? 2 : 1);
      assertThat(killed.lastRun().status()).isEqualTo(RunRecord.Status.RUNNING);
    }
    assertThat(killed.committed()).containsEntry("fine-tune", List.of(2L, 1L));

    StageResult again = killed.run();

    assertThat(again.status()).isEqualTo("promoted");
    assertThat(again.figures()).containsEntry("release", 2);
    assertThat(killed.released()).isEqualTo(runs.released());
    assertThat(killed.committed()).isEqualTo(runs.committed());
    assertThat(killed.lastRun().status()).isEqualTo(RunRecord.Status.SUCCEEDED);
    assertThat(killed.run().status()).isEqualTo("up to date");
  }

  @Test
  @Order(6)
  void twoSchedulersAtOnceEndInOneRelease() throws InterruptedException, ExecutionException {
    Map<String, List<String>> undisturbed = runs.released();
    ExecutorService pool = Executors.newFixedThreadPool(2);
    try {
      Callable<StageResult> run = beforeNewData::run;
      for (Future<StageResult> result : pool.invokeAll(List.of(run, run))) {
        assertThat(result.get().status()).isIn("promoted", "up to date");
      }
    } finally {
      pool.shutdown();
    }
    assertThat(beforeNewData.versions()).containsEntry("release", 2L).containsEntry("encode", 2L);
    assertThat(beforeNewData.released()).isEqualTo(undisturbed);
    assertThat(beforeNewData.run().status()).isEqualTo("up to date");
  }

  @Test
  @Order(7)
  void whatWasRolledBackStaysRolledBack() {
    Artefact releases = runs.artefact(Release.ARTEFACT);
    releases.republish(releases.at(1).orElseThrow(), Clock.systemUTC());

    StageResult again = runs.run();

    assertThat(again.status()).isEqualTo("up to date");
    assertThat(again.figures()).containsEntry("current_release", 3L);
    assertThat(runs.release().parts()).containsEntry("train/gated", 1L).containsEntry("index", 1L);
  }

  @Test
  @Order(8)
  void aClockThatWasSetBackChangesNothing() {
    Clock yesterday = Clock.offset(Clock.systemUTC(), Duration.ofDays(-1));
    RunRecord last = runs.lastRun();

    StageResult refused = FineTuneJob.run(runs.session(yesterday, REFUSE, "seed=2"), "");

    assertThat(refused.status()).isEqualTo("refused");
    assertThat(refused.snapshot().orElseThrow())
        .extracting(Snapshot::version)
        .isEqualTo(runs.artefact("fine-tune").require().version());
    assertThat(runs.lastRun().started()).isAfter(last.started());
    assertThat(runs.lastRun().version()).isEqualTo(refused.snapshot().orElseThrow().version());
    assertThat(FineTuneJob.run(runs.session(yesterday, REFUSE, "seed=2"), "").status())
        .isEqualTo("up to date");
  }

  @Test
  @Order(9)
  void newImagesAloneBecomeSearchableWithTheHeadThatIsReleased() throws IOException {
    runs.run(); // what is released by now knows all data but this:
    Release before = runs.release();
    Path split = folder.resolve("wardrobe/image_splits/split.dress.train.json");
    ArrayNode ids = (ArrayNode) JSON.readTree(split.toFile());
    Files.copy(
        folder.resolve("wardrobe/images/" + ids.get(0).asText() + ".png"),
        folder.resolve("wardrobe/images/B0NEWDRESS.png"));
    write(split, ids.add("B0NEWDRESS"));

    StageResult refreshed = runs.run();

    assertThat(refreshed.status()).isEqualTo("refreshed");
    assertThat(refreshed.figures().get("reasons").toString()).contains("nothing to train");
    Release after = runs.release();
    assertThat(after.version()).isEqualTo(before.version() + 1);
    assertThat(after.head().orElseThrow().version())
        .isEqualTo(before.head().orElseThrow().version());
    assertThat(after.part("index").orElseThrow().rows(Table.INDEX.name()))
        .isEqualTo(before.part("index").orElseThrow().rows(Table.INDEX.name()) + 1);
  }

  @Test
  @Order(10)
  void newTripletsAloneAreTrainedOn() throws IOException {
    Path captions = folder.resolve("wardrobe/captions/cap.dress.train.json");
    ArrayNode triplets = (ArrayNode) JSON.readTree(captions.toFile());
    JsonNode first = triplets.get(0);
    triplets.add(
        JSON.createObjectNode()
            .put("target", first.get("candidate").asText())
            .put("candidate", first.get("target").asText())
            .set("captions", first.get("captions")));
    write(captions, triplets);
    int images = (Integer) runs.artefact("encode").require().manifest().facts().get("images");

    StageResult promoted = runs.run();

    assertThat(promoted.status()).isEqualTo("promoted");
    Map<String, Object> encoded = runs.artefact("encode").require().manifest().facts();
    assertThat(encoded).containsEntry("images", images).containsEntry("images_encoded", 0);
  }

  @Test
  @Order(11)
  void aHeadOfAnotherSizeIsNoStart() {
    assertThatThrownBy(() -> runs.run("train.gate=scalar", "fine-tune.if-unfit=fail"))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("Cannot start the training at the released head: train/gated version")
        .hasMessageContaining("and train.* asks for Gated[dimension=32, gate=SCALAR]")
        .extracting("exitCode")
        .isEqualTo(ExitCode.CONFIG);
    assertThat(runs.lastRun().exitCode()).isEqualTo(ExitCode.CONFIG.code());
    FineTuneRuns.said();

    StageResult fromScratch = runs.run("train.gate=scalar", REFUSE);

    assertThat(fromScratch.figures().get("start").toString()).startsWith("scratch: train/gated");
    assertThat(FineTuneRuns.said()).contains("training starts from scratch: train/gated version");
  }

  @Test
  @Order(12)
  void badRowsLeaveTheChampion() throws IOException {
    Map<String, List<String>> champion = runs.released();
    Path captions = folder.resolve("wardrobe/captions/cap.shirt.train.json");
    ArrayNode triplets = (ArrayNode) JSON.readTree(captions.toFile());
    for (int i = 0; i < 20; i++) {
      triplets.addObject().put("target", "B0NOWHERE" + i).put("candidate", "B0NOWHERE");
    }
    write(captions, triplets);

    assertThatThrownBy(runs::run)
        .isInstanceOf(WeftException.class)
        .extracting("exitCode")
        .isEqualTo(ExitCode.BAD_ROWS);

    assertThat(runs.lastRun().status()).isEqualTo(RunRecord.Status.FAILED);
    assertThat(runs.lastRun().exitCode()).isEqualTo(65);
    assertThat(runs.lastRun().cause()).contains("annotation rows");
    assertThat(runs.released()).isEqualTo(champion);
  }

  /** Hadoop wrote the file with a checksum beside it. */
  private static void write(Path file, ArrayNode content) throws IOException {
    Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + ".crc"));
    Files.writeString(file, JSON.writeValueAsString(content));
  }
}
