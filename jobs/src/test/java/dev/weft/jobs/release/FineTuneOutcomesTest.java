package dev.weft.jobs.release;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Progress;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.search.SearchJob;
import dev.weft.jobs.store.Table;
import dev.weft.store.Release;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What becomes of a root with one release and new data, which each test has for itself. */
class FineTuneOutcomesTest {
  private static final String REFUSE = "fine-tune.minimum-gain=1";

  @TempDir private static Path folder;

  private static FineTuneRuns released;

  @BeforeAll
  static void aReleaseOfHalfOfTheData() {
    released = new FineTuneRuns(folder.resolve("root"), folder.resolve("wardrobe"));
    released.deliver(50);
    released.run();
    released.deliver(100);
  }

  private static FineTuneRuns copy(String name) {
    return released.copy(folder.resolve(name));
  }

  private static Map<String, Object> search(FineTuneRuns runs) {
    Session session = runs.session(Clock.systemUTC());
    return SearchJob.run(session.with(List.of("search.text=a blue dress"), Map.of())).figures();
  }

  private static long indexed(Release release) {
    return release.part("index").orElseThrow().rows(Table.INDEX.name());
  }

  @Test
  void aReleaseMadeMeanwhileIsNotReplacedAndTheNextRunMeetsIt() {
    FineTuneRuns runs = copy("meanwhile");
    Session other = runs.session(Clock.systemUTC(), "train.epochs=3");
    Session session = toldOf(runs, "train ", () -> FineTuneJob.run(other, "other"));

    failsWith(
        ExitCode.TRY_LATER,
        () -> FineTuneJob.run(session, ""),
        "Cannot commit to release: the output continues version 1, but version 2 was committed in"
            + " the meantime. Run the same command again");

    assertThat(runs.lastRun().exitCode()).isEqualTo(75);
    assertThat(runs.release().version()).isEqualTo(2);
    assertThat(runs.artefact("fine-tune").versionNumbers()).containsExactly(2L, 1L);
    long head = runs.release().head().orElseThrow().version();
    StageResult again = runs.run();
    assertThat(again.status()).isEqualTo("promoted");
    assertThat(again.figures())
        .containsEntry("start", "train/gated version " + head)
        .containsEntry("champion_release", 2)
        .containsEntry("release", 3);
  }

  /** A session that does something once when a line of progress begins with a word. */
  private static Session toldOf(FineTuneRuns runs, String word, Runnable action) {
    OutputStream lines =
        new OutputStream() {
          private final StringBuilder line = new StringBuilder();
          private boolean done;

          @Override
          public void write(int one) {
            line.append((char) one);
            if (one == '\n') {
              if (!done && line.toString().startsWith(word)) {
                done = true;
                action.run();
              }
              line.setLength(0);
            }
          }
        };
    Session session = runs.session(Clock.systemUTC());
    return new Session(
        LocalSpark.session(),
        session.config(),
        session.settings(),
        new Session.Options(
            false,
            new Progress(
                new PrintStream(lines, true, StandardCharsets.UTF_8), false, System::nanoTime),
            Clock.systemUTC()));
  }

  @Test
  void aNewEncoderIsReleasedWithItsHeadOrNotAtAll() {
    FineTuneRuns runs = copy("encoder");
    String align = "fine-tune.encoder=align";
    Object encoder = runs.artefact("align").require().manifest().facts().get("encoder");

    StageResult refused = runs.run(align, REFUSE);

    assertThat(refused.status()).isEqualTo("refused");
    assertThat(refused.figures().get("start").toString())
        .startsWith("scratch: train/gated version 1 was trained on vectors of the encoder ");
    assertThat(runs.artefact("align").versionNumbers()).containsExactly(2L, 1L);
    // Each in its own vectors: those of the champion are there, of the new images too.
    Snapshot ofChampion = runs.artefact("evaluate/champion").require();
    Snapshot ofChallenger = runs.artefact("evaluate").require();
    assertThat(encoderOf(runs, ofChampion)).isEqualTo(encoder);
    assertThat(encoderOf(runs, ofChallenger)).isNotEqualTo(encoder);
    // New images are answered by the champion, by vectors of its own encoder.
    assertThat(runs.release().parts()).containsEntry("align", 1L).containsEntry("train/gated", 1L);
    assertThat(indexed(runs.release())).isGreaterThan(indexed(released.release()));
    assertThat(search(runs)).containsEntry("release", 2L).containsEntry("index_version", 2L);

    StageResult promoted = runs.run(align);

    assertThat(promoted.status()).isEqualTo("promoted");
    assertThat(runs.release().parts()).containsEntry("align", 2L).containsEntry("train/gated", 2L);
    assertThat(search(runs)).containsEntry("release", 3L);
  }

  private static Object encoderOf(FineTuneRuns runs, Snapshot evaluation) {
    String attempt = evaluation.manifest().provenance().inputs().get("encode");
    return runs.artefact("encode").history().stream()
        .filter(encode -> encode.manifest().attempt().equals(attempt))
        .findFirst()
        .orElseThrow()
        .manifest()
        .facts()
        .get("encoder");
  }

  @Test
  void newImagesAreAnsweredByTheChampionWhereTheChallengerIsRefused() {
    FineTuneRuns runs = copy("refused");
    Release before = runs.release();

    assertThat(runs.run(REFUSE, "fine-tune.refresh-index=false").status()).isEqualTo("refused");
    assertThat(runs.release().version()).isEqualTo(1);

    StageResult refused = runs.run(REFUSE);

    assertThat(refused.status()).isEqualTo("refused");
    assertThat(refused.figures()).containsEntry("release", 2);
    Release after = runs.release();
    assertThat(after.parts()).containsEntry("train/gated", 1L).containsEntry("align", 1L);
    assertThat(indexed(after)).isGreaterThan(indexed(before));
    assertThat(search(runs)).containsEntry("release", 2L).containsEntry("index_version", 2L);
    assertThat(runs.run(REFUSE).status()).isEqualTo("up to date");
  }

  @Test
  void settingsThatAreChangedBackAreNotDecidedAgain() {
    FineTuneRuns runs = copy("changed");
    assertThat(runs.run().figures()).containsEntry("current_release", 2L);
    assertThat(runs.run("train.epochs=3").figures()).containsEntry("current_release", 3L);
    Map<String, List<String>> answering = runs.released();

    StageResult back = runs.run();

    assertThat(back.status()).isEqualTo("up to date");
    assertThat(back.figures()).containsEntry("current_release", 3L);
    assertThat(runs.released()).isEqualTo(answering);
  }

  @Test
  void aRunThatFailsLeavesTheReleaseAndItsExitCode() throws IOException {
    FineTuneRuns runs = copy("failing");

    failsWith(
        ExitCode.INPUT_MISSING,
        () -> runs.run("wardrobe.folder=" + folder.resolve("gone")),
        "gone");
    failsWith(
        ExitCode.INPUT_MISSING,
        () -> runs.run("encode.model=" + folder.resolve("no-model")),
        "no-model");
    failsWith(
        ExitCode.CONFIG,
        () -> runs.run("encode.model=" + clip()),
        "Cannot compare the challenger with release 1: its head was trained on vectors of the"
            + " encoder ");
    Path inTheWay = Files.writeString(runs.root().resolve("evaluate/champion"), "a file");
    failsWith(ExitCode.IO, runs::run, "evaluate/champion");
    Files.delete(inTheWay);
    failsWith(
        ExitCode.CONFIG,
        () -> runs.run("fine-tune.protocol=wardrobe/originel"),
        "fine-tune.protocol must be one of [wardrobe/original] or '', found 'wardrobe/originel'");
    assertThat(runs.artefact("train/gated").versionNumbers()).hasSize(1); // found before training

    assertThat(runs.release().version()).isEqualTo(1);
    assertThat(runs.release().requireParts()).allSatisfy(Snapshot::verify);
  }

  private static void failsWith(ExitCode code, ThrowingCallable run, String message) {
    assertThatThrownBy(run)
        .isInstanceOf(WeftException.class)
        .hasMessageContaining(message)
        .extracting("exitCode")
        .isEqualTo(code);
  }

  private static Path clip() {
    return Path.of("../common/src/test/resources/golden/clip").toAbsolutePath().normalize();
  }
}
