package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.store.FaultFileSystem.Moment;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Creating a version that fails, and writers whose calls interleave; see {@link StoreFaults}. */
class CommitFaultTest {
  @AfterEach
  void heal() {
    FaultFileSystem.reset(false);
    FaultFileSystem.clear();
  }

  private Artefact artefact(String root, boolean likeS3) {
    FaultFileSystem.reset(likeS3);
    return Artefact.open(StoreFaults.SETTINGS, "fault:///" + root, "train/gated");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rename", "put"})
  void createThatThrowsButHappenedIsACommit(String call) {
    Artefact artefact = artefact("happened", call.equals("put"));
    FaultFileSystem.inject(
        (moment, found, path) -> {
          if (moment == Moment.AFTER && found.equals(call)) {
            throw new IOException("timed out");
          }
        });

    Snapshot committed = Outputs.committed(artefact, "a1", "new");

    assertThat(committed.version()).isEqualTo(1);
    assertThat(artefact.history()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rename", "put"})
  void createThatKeepsFailingIsGivenUp(String call) {
    Artefact artefact = artefact("refused", call.equals("put"));
    Attempt attempt = Outputs.written(artefact, "a1");
    FaultFileSystem.inject(
        (moment, found, path) -> {
          if (found.equals(call)) {
            throw new IOException("quota exceeded");
          }
        });

    assertThatThrownBy(() -> attempt.commit(Outputs.request("new")))
        .hasMessageMatching(
            "Cannot create fault:.*/00000000000000000001.json: java.io.IOException: quota exceeded."
                + " Check that the place can be reached and written and has room, then run the same"
                + " command again.");
    assertThat(artefact.latest()).isEmpty();
    FaultFileSystem.reset(call.equals("put"));
    assertThat(attempt.commit(Outputs.request("new")).version()).isEqualTo(1);
  }

  /** Killed before and after every call, and in the middle of a write. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aRunRecordIsTheOldOrTheNewOneWhateverDies(boolean likeS3) {
    Artefact artefact = artefact("record", likeS3);
    RunRecord begun = RunRecord.running(Outputs.key("new"), "a1", Outputs.CLOCK);
    RunRecord ended = begun.failed(ExitCode.IO, "Cannot go on.", Outputs.CLOCK);
    int moments = 0;
    boolean killed = true;
    while (killed) {
      FaultFileSystem.reset(likeS3);
      artefact.record(begun);
      int fatal = moments++;
      killed = killedAt(fatal, () -> artefact.record(ended));
      FaultFileSystem.reset(likeS3);
      assertThat(artefact.runs())
          .as("killed at moment %d", fatal)
          .hasSize(1)
          .isSubsetOf(begun, ended);
      assertThat(Verification.of(artefact).problems()).isEmpty();
    }
    assertThat(moments).isGreaterThan(likeS3 ? 4 : 8);
    assertThat(artefact.runs()).containsExactly(ended);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aVacuumThatDiesAnywhereLeavesVersionsWithoutAGap(boolean likeS3) {
    Retention newest = new Retention(1, Duration.ZERO, Duration.ZERO);
    Clock later = Clock.offset(Outputs.CLOCK, Duration.ofDays(30));
    boolean killed = true;
    int moments = 0;
    for (; killed; moments++) {
      Artefact artefact = artefact("vacuum-" + moments, likeS3);
      for (int version = 1; version <= 4; version++) {
        Outputs.committed(artefact, "v" + version, "v" + version);
      }
      Vacuum vacuum = newest.plan(artefact, later);
      killed = killedAt(moments, vacuum::carryOut);
      FaultFileSystem.reset(likeS3);

      List<Long> left = artefact.history().stream().map(Snapshot::version).toList();
      assertThat(left)
          .as("killed at moment %d", moments)
          .isEqualTo(LongStream.range(0, left.size()).mapToObj(back -> 4 - back).toList());
      artefact.history().forEach(Snapshot::verify);
    }
    assertThat(moments).isGreaterThan(20);
  }

  /** Whether the process died at this call, before which it made so many. */
  private static boolean killedAt(int fatal, Runnable work) {
    AtomicInteger passed = new AtomicInteger();
    FaultFileSystem.inject(
        (moment, call, path) -> {
          if (passed.getAndIncrement() >= fatal) {
            throw new FaultFileSystem.Killed(); // so is each later call: there is no process
          }
        });
    try {
      work.run();
      return false;
    } catch (FaultFileSystem.Killed e) {
      return true;
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void interleavedWritersOfDifferentOutputsGetOneVersionEach(boolean likeS3) throws Exception {
    for (int seed = 0; seed < 200; seed++) {
      Artefact artefact = artefact("two-" + seed, likeS3);
      List<Snapshot> results = interleaved(artefact, seed, likeS3, "x", "y", OptionalLong.empty());

      assertThat(results).extracting(Snapshot::version).containsExactlyInAnyOrder(1L, 2L);
      assertThat(results)
          .extracting(one -> one.manifest().attempt())
          .containsExactly("writer-0", "writer-1");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void interleavedWritersOfOneOutputEndInOneVersion(boolean likeS3) throws Exception {
    for (int seed = 0; seed < 200; seed++) {
      Artefact artefact = artefact("twins-" + seed, likeS3);
      List<Snapshot> results = interleaved(artefact, seed, likeS3, "x", "x", OptionalLong.empty());

      assertThat(artefact.history()).hasSize(1);
      assertThat(results.get(0).manifest()).isEqualTo(results.get(1).manifest());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void interleavedWritersOfOneParentLeaveOneToTryLater(boolean likeS3) throws Exception {
    for (int seed = 0; seed < 200; seed++) {
      Artefact artefact = artefact("parent-" + seed, likeS3);
      List<Snapshot> results = interleaved(artefact, seed, likeS3, "x", "y", OptionalLong.of(0));

      assertThat(results).hasSize(1);
      assertThat(artefact.history()).hasSize(1);
    }
  }

  /**
   * Two commits, whose calls to the store take turns as drawn; those told to try later are left
   * out.
   */
  private static List<Snapshot> interleaved(
      Artefact artefact,
      int seed,
      boolean likeS3,
      String firstKey,
      String secondKey,
      OptionalLong parent)
      throws Exception {
    List<Attempt> attempts =
        List.of(Outputs.written(artefact, "writer-0"), Outputs.written(artefact, "writer-1"));
    List<String> keys = List.of(firstKey, secondKey);
    List<Callable<Snapshot>> commits = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Attempt attempt = attempts.get(i);
      CommitRequest plain = Outputs.request(keys.get(i));
      CommitRequest request =
          new CommitRequest(
              plain.runKey(),
              plain.provenance(),
              plain.schemas(),
              plain.facts(),
              plain.time(),
              parent);
      commits.add(() -> attempt.commit(request));
    }
    List<Snapshot> results = new ArrayList<>();
    for (Race.End end : Race.run(seed, List.of(), commits)) {
      end.snapshot().ifPresent(results::add);
      end.failure()
          .ifPresent(
              failure -> {
                assertThat(failure.exitCode()).isEqualTo(ExitCode.TRY_LATER);
                assertThat(failure)
                    .hasMessageContaining("continues version 0, but version 1 was committed");
              });
    }
    FaultFileSystem.reset(likeS3);
    return results;
  }
}
