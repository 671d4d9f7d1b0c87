package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.store.RunRecord.Status;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ArtefactTest {
  private static final Configuration SETTINGS = FaultFileSystem.settings();

  @TempDir Path root;

  private Artefact artefact;

  @BeforeEach
  void open() {
    artefact = Artefact.open(SETTINGS, root.toString(), "train/gated");
  }

  @Test
  void whatIsMissingNamesItsCommand() {
    assertThat(artefact.latest()).isEmpty();
    assertThatThrownBy(artefact::require)
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_MISSING))
        .hasMessage(
            "Cannot read train/gated: nothing has been committed under %s yet. Make it first:"
                + " scripts/weft train.",
            artefact.folder());
  }

  @Test
  void attemptIsInvisibleUntilItIsCommitted() {
    Attempt attempt = Outputs.written(artefact, "a1");
    assertThat(artefact.latest()).isEmpty();

    Snapshot committed = attempt.commit(Outputs.request("x"));

    assertThat(artefact.require().manifest()).isEqualTo(committed.manifest());
    assertThat(committed.version()).isEqualTo(1);
    assertThat(committed.manifest().facts()).containsEntry("width", 384);
    assertThat(committed.manifest().provenance().inputs()).containsEntry("ingest", "attempt-0");
    assertThat(new String(committed.read("head/state.json"), StandardCharsets.UTF_8))
        .isEqualTo("{\"of\": \"a1\"}");
    committed.verify();
  }

  @Test
  void aPinnedVersionStaysWhileOthersAreCommitted() {
    Snapshot pinned = Outputs.committed(artefact, "a0", "x0");
    for (int i = 1; i <= 100; i++) {
      Outputs.committed(artefact, "a" + i, "x" + i);
    }

    pinned.verify();
    assertThat(artefact.require().version()).isEqualTo(101);
    assertThat(artefact.at(1).orElseThrow().manifest()).isEqualTo(pinned.manifest());
    assertThat(artefact.at(102)).isEmpty();
    assertThat(artefact.history())
        .extracting(Snapshot::version)
        .containsExactlyElementsOf(LongStream.range(0, 101).mapToObj(i -> 101 - i).toList());
  }

  @Test
  void writersAtOnceOnTheLocalDiskGetOneVersionEach() throws Exception {
    assertThat(commitsAtOnce(8, false)).containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
  }

  @Test
  void twinsAtOnceOnTheLocalDiskEndInOneVersion() throws Exception {
    assertThat(commitsAtOnce(8, true)).containsOnly(1L);
    assertThat(artefact.history()).hasSize(1);
  }

  private List<Long> commitsAtOnce(int writers, boolean twins) throws Exception {
    List<Attempt> attempts = new ArrayList<>();
    for (int i = 0; i < writers; i++) {
      attempts.add(Outputs.written(artefact, "a" + i));
    }
    ExecutorService pool = Executors.newFixedThreadPool(writers);
    try {
      List<Future<Snapshot>> running = new ArrayList<>();
      for (Attempt attempt : attempts) {
        running.add(pool.submit(() -> attempt.commit(Outputs.request(twins ? "x" : attempt.id()))));
      }
      List<Long> versions = new ArrayList<>();
      for (Future<Snapshot> one : running) {
        versions.add(one.get().version());
      }
      return versions;
    } finally {
      pool.shutdown();
    }
  }

  @Test
  void forcedRunWithTheKeyOfTheNewestVersionMakesANewOne() {
    Outputs.committed(artefact, "a1", "x");

    assertThat(Outputs.committed(artefact, "a2", "x").version()).isEqualTo(2);
  }

  @Test
  void outputOfAnOldParentIsRefused() {
    Outputs.committed(artefact, "a1", "x");
    Attempt attempt = Outputs.written(artefact, "a2");
    Outputs.committed(artefact, "a3", "z");
    CommitRequest plain = Outputs.request("y");

    assertThatThrownBy(
            () ->
                attempt.commit(
                    new CommitRequest(
                        plain.runKey(),
                        plain.provenance(),
                        plain.schemas(),
                        plain.facts(),
                        plain.time(),
                        OptionalLong.of(1))))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.TRY_LATER))
        .hasMessage(
            "Cannot commit to train/gated: the output continues version 1, but version 2 was"
                + " committed in the meantime. Run the same command again to start from that one.");
  }

  @Test
  void rollingBackPublishesTheSameFilesUnderANewNumber() {
    Snapshot one = Outputs.committed(artefact, "a1", "x");
    Outputs.committed(artefact, "a2", "y");

    Snapshot back = artefact.republish(artefact.withRunKey(Outputs.key("x")).get(), Outputs.CLOCK);

    assertThat(back.version()).isEqualTo(3);
    assertThat(back.manifest().attempt()).isEqualTo("a1");
    assertThat(back.manifest().files()).isEqualTo(one.manifest().files());
    assertThat(artefact.withRunKey(Outputs.key("x")).get().version()).isEqualTo(3);
    assertThat(artefact.republish(back, Outputs.CLOCK)).isSameAs(back);
    assertThat(artefact.withRunKey(Outputs.key("z"))).isEmpty();
  }

  @Test
  void rollingBackToWhatIsNoLongerThereFails() throws Exception {
    Snapshot one = Outputs.committed(artefact, "a1", "x");
    Outputs.committed(artefact, "a2", "y");
    Files.delete(Path.of(one.file("params.bin").toUri().getPath()));

    assertThatThrownBy(() -> artefact.republish(one, Outputs.CLOCK))
        .hasMessageContaining("params.bin was written with 12 bytes and now is gone");
    assertThat(artefact.history()).hasSize(2);
  }

  @Test
  void newestChangeOfATagHolds() {
    Outputs.committed(artefact, "a1", "x");
    Outputs.committed(artefact, "a2", "y");
    assertThat(artefact.tagged("prod")).isEmpty();

    artefact.tag("prod", 2, Outputs.CLOCK);
    artefact.tag("prod", 1, Outputs.CLOCK);
    artefact.tag("best", 2, Outputs.CLOCK);

    assertThat(artefact.tagged("prod").get().version()).isEqualTo(1);
    assertThat(artefact.tags()).isEqualTo(Map.of("best", 2L, "prod", 1L));
    assertThatThrownBy(() -> artefact.tag("prod", 3, Outputs.CLOCK))
        .hasMessage(
            "Cannot set the tag prod: train/gated has no version 3; there are [1, 2]. Choose one of"
                + " these.");
  }

  @Test
  void runRecordsTellHowItEnded() throws Exception {
    Clock later = Clock.offset(Outputs.CLOCK, Duration.ofMinutes(5));
    RunRecord first = RunRecord.running(Outputs.key("x"), "a1", Outputs.CLOCK);
    RunRecord second = RunRecord.running(Outputs.key("x"), "a2", later);
    artefact.record(first);
    artefact.record(second);
    assertThat(artefact.runs()).extracting(RunRecord::status).containsOnly(Status.RUNNING);

    artefact.record(first.failed(ExitCode.BAD_ROWS, "Cannot read.", later));
    artefact.record(second.succeeded(Outputs.committed(artefact, "a2", "x"), later));

    assertThat(artefact.runs())
        .containsExactly(
            new RunRecord(
                Outputs.key("x"),
                "a2",
                Status.SUCCEEDED,
                0,
                "",
                1,
                later.instant(),
                later.instant()),
            new RunRecord(
                Outputs.key("x"),
                "a1",
                Status.FAILED,
                65,
                "Cannot read.",
                0,
                Outputs.NOON,
                later.instant()));
    Path cut = root.resolve("train/gated/_runs/" + Outputs.key("x") + "/a1.json");
    Files.writeString(cut, "{\"runKey\"");
    assertThat(artefact.runs()).hasSize(1);
  }

  @Test
  void artefactsAreFoundUnderTheRoot() {
    for (String name : List.of("train/gated", "ingest", "train/gated/checkpoint")) {
      Outputs.committed(Artefact.open(SETTINGS, root.toString(), name), "a1", "x");
    }
    Outputs.written(Artefact.open(SETTINGS, root.toString(), "index"), "a1");

    assertThat(Artefact.all(SETTINGS, root.toString()))
        .extracting(Artefact::name)
        .containsExactly("ingest", "train/gated", "train/gated/checkpoint");
    assertThat(Artefact.all(SETTINGS, root.resolve("nothing").toString())).isEmpty();
  }

  @Test
  void nothingButTheOutputIsLeft() throws Exception {
    Outputs.committed(artefact, "a1", "x");
    artefact.tag("prod", 1, Outputs.CLOCK);

    try (Stream<Path> all = Files.walk(root)) {
      assertThat(all.filter(Files::isRegularFile).map(path -> root.relativize(path).toString()))
          .containsExactlyInAnyOrder(
              "train/gated/data/a1/params.bin",
              "train/gated/data/a1/head/state.json",
              "train/gated/_versions/00000000000000000001.json",
              "train/gated/_tags/prod/00000000000000000001.json");
    }
  }

  @Test
  void strangeFilesAmongTheVersionsAreIgnored() throws Exception {
    Outputs.committed(artefact, "a1", "x");
    Path versions = root.resolve("train/gated/_versions");
    for (String name :
        List.of(".tmp-1", "99999999999999999999.json", "2.json", "00000000000000000002.json.bak")) {
      Files.writeString(versions.resolve(name), "?");
    }

    assertThat(artefact.require().version()).isEqualTo(1);
    assertThat(Outputs.committed(artefact, "a2", "y").version()).isEqualTo(2);
  }

  @Test
  void manifestInTheWrongPlaceIsRefused() throws Exception {
    Outputs.committed(artefact, "a1", "x");
    Path versions = root.resolve("train/gated/_versions");
    Files.copy(
        versions.resolve("00000000000000000001.json"),
        versions.resolve("00000000000000000002.json"));

    assertThatThrownBy(artefact::require)
        .hasMessageContaining(
            "it is the manifest of version 1 of 'train/gated', and lies where version 2 of"
                + " 'train/gated' belongs");
  }

  @Test
  void attemptIdsAreUsedOnce() {
    Outputs.written(artefact, "a1");

    assertThatThrownBy(() -> artefact.begin("a1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Cannot begin the attempt 'a1'");
  }

  @Test
  void commitChecksItsFiles() throws Exception {
    Attempt attempt = Outputs.written(artefact, "a1");
    Files.writeString(Path.of(attempt.folder().toUri().getPath()).resolve("params.bin"), "short");

    assertThatThrownBy(() -> attempt.commit(Outputs.request("x")))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.IO))
        .hasMessageContaining("params.bin was written with 12 bytes and now has 5");
    assertThat(artefact.latest()).isEmpty();
  }

  @Test
  void commitChecksItsTables() {
    Attempt attempt = Outputs.written(artefact, "a1");
    FileEntry entry = new FileEntry("a1/images-0.parquet", "images", 0, 0, Outputs.key("x"));
    attempt.add(entry);

    assertThatThrownBy(() -> attempt.commit(Outputs.request("x")))
        .hasMessage(
            "Cannot commit: files were written for the tables [images], schemas were given"
                + " for [].");
    attempt.add(entry);
    assertThatThrownBy(() -> attempt.commit(Outputs.request("x")))
        .hasMessage("Cannot commit: a1/images-0.parquet was added twice.");
  }

  @Test
  void filesOfOlderVersionsMayStayPartOfTheOutput() {
    Snapshot one = Outputs.committed(artefact, "a1", "x");
    Attempt attempt = artefact.begin("a2");
    one.manifest().files().forEach(attempt::add);

    Snapshot two = attempt.commit(Outputs.request("y"));

    assertThat(two.manifest().attempt()).isEqualTo("a2");
    assertThat(two.file("params.bin")).isEqualTo(one.file("params.bin"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "train/", "../x", "train/_versions", "a b"})
  void namesThatBreakTheLayoutAreRefused(String name) {
    assertThatThrownBy(() -> Artefact.open(SETTINGS, root.toString(), name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("Cannot use '" + name + "'");
  }

  @Test
  void nameOfTheDataFolderIsRefused() {
    assertThatThrownBy(() -> Artefact.open(SETTINGS, root.toString(), "train/data"))
        .hasMessageContaining("'data' is where its files lie");
  }

  @Test
  void rootsThatSparkTakesForPatternsAreRefused() {
    assertThatThrownBy(() -> Artefact.open(SETTINGS, "/runs/[1]", "ingest"))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("Cannot use '/runs/[1]' as root");
  }

  @Test
  void storesWithoutExclusiveCreateAreReadButNotWritten() {
    FaultFileSystem.reset(false);
    Artefact elsewhere = Artefact.open(SETTINGS, "fault:///weft", "train/gated");

    assertThat(elsewhere.history()).isEmpty();

    assertThatThrownBy(() -> elsewhere.begin("a2"))
        .isInstanceOfSatisfying(
            WeftException.class, e -> assertThat(e.exitCode()).isEqualTo(ExitCode.CONFIG))
        .hasMessageContaining("set spark.hadoop.weft.store.single-writer=true");
  }
}
