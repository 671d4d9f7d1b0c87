package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.store.FaultFileSystem.Fault;
import dev.weft.store.FaultFileSystem.Killed;
import dev.weft.store.FaultFileSystem.Moment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Everything that can go wrong during a commit, on a store like HDFS and on one like S3. */
class CommitFaultTest {
  /** One for all: parsing Hadoop's defaults takes longer than a commit. */
  private static final Configuration SETTINGS = FaultFileSystem.settings();

  @TempDir Path disk;

  @BeforeAll
  static void vouchForOneWriter() {
    SETTINGS.setBoolean("weft.store.single-writer", true);
  }

  @AfterEach
  void heal() {
    FaultFileSystem.reset(false);
  }

  /** Fails at the n-th moment; a killed process does nothing ever after. */
  private static final class At implements Fault {
    private final int moment;
    private final boolean kill;
    private int seen;

    At(int moment, boolean kill) {
      this.moment = moment;
      this.kill = kill;
    }

    @Override
    public void at(Moment when, String call, org.apache.hadoop.fs.Path path) throws IOException {
      int now = seen++;
      if (kill && now >= moment) {
        throw new Killed();
      }
      if (now == moment) {
        throw new IOException("injected " + when + " " + call + " " + path.getName());
      }
    }
  }

  private Artefact artefact(String root, boolean likeS3) {
    FaultFileSystem.reset(likeS3);
    return Artefact.open(SETTINGS, "fault://" + disk.resolve(root), "train/gated");
  }

  private int moments(boolean likeS3) {
    Artefact artefact = artefact("counted", likeS3);
    Outputs.committed(artefact, "a1", "old");
    At never = new At(Integer.MAX_VALUE, false);
    FaultFileSystem.inject(never);
    Outputs.committed(artefact, "a2", "new");
    return never.seen;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void killedAtAnyMomentTheOldVersionStaysOrTheNewOneIsWhole(boolean likeS3) {
    int moments = moments(likeS3);
    assertThat(moments).isGreaterThan(30);
    int finished = 0;
    for (int moment = 0; moment < moments; moment++) {
      Artefact artefact = artefact("killed-" + moment, likeS3);
      Outputs.committed(artefact, "a1", "old");

      FaultFileSystem.inject(new At(moment, true));
      assertThatThrownBy(() -> Outputs.committed(artefact, "a2", "new")).isInstanceOf(Killed.class);
      FaultFileSystem.reset(likeS3);

      Snapshot found = artefact.require();
      found.verify();
      finished += found.version() == 2 ? 1 : 0;
      assertResumes(artefact);
    }
    assertThat(finished).isBetween(1, moments - 1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void failedAtAnyMomentTheOldVersionStaysOrTheNewOneIsWhole(boolean likeS3) {
    int moments = moments(likeS3);
    for (int moment = 0; moment < moments; moment++) {
      Artefact artefact = artefact("failed-" + moment, likeS3);
      Outputs.committed(artefact, "a1", "old");

      FaultFileSystem.inject(new At(moment, false));
      try {
        Snapshot committed = Outputs.committed(artefact, "a2", "new");
        assertThat(committed.version()).isEqualTo(2);
      } catch (WeftException e) {
        assertThat(e.exitCode()).isEqualTo(ExitCode.IO);
        assertThat(e).hasMessageStartingWith("Cannot ").hasMessageContaining("injected");
      }
      FaultFileSystem.reset(likeS3);

      artefact.require().verify();
      assertResumes(artefact);
    }
  }

  /** The same command again: up to date, or done now, and in either case once. */
  private static void assertResumes(Artefact artefact) {
    Snapshot resumed =
        artefact
            .withRunKey(Outputs.key("new"))
            .orElseGet(() -> Outputs.committed(artefact, "a3", "new"));
    resumed.verify();
    assertThat(resumed.version()).isEqualTo(2);
    assertThat(new String(resumed.read("params.bin"), java.nio.charset.StandardCharsets.UTF_8))
        .isEqualTo("params of " + resumed.manifest().attempt());
    assertThat(artefact.history()).extracting(Snapshot::version).containsExactly(2L, 1L);
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

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void interleavedWritersOfDifferentOutputsGetOneVersionEach(boolean likeS3) throws Exception {
    for (int seed = 0; seed < 150; seed++) {
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
    for (int seed = 0; seed < 150; seed++) {
      Artefact artefact = artefact("twins-" + seed, likeS3);
      List<Snapshot> results = interleaved(artefact, seed, likeS3, "x", "x", OptionalLong.empty());

      assertThat(artefact.history()).hasSize(1);
      assertThat(results.get(0).manifest()).isEqualTo(results.get(1).manifest());
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void interleavedWritersOfOneParentLeaveOneToTryLater(boolean likeS3) throws Exception {
    for (int seed = 0; seed < 150; seed++) {
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
    Turns turns = new Turns(seed);
    List<Future<Snapshot>> running = new ArrayList<>();
    ExecutorService writers = Executors.newFixedThreadPool(2);
    try {
      FaultFileSystem.inject(turns);
      for (int i = 0; i < 2; i++) {
        int writer = i;
        CommitRequest plain = Outputs.request(keys.get(i));
        CommitRequest request =
            new CommitRequest(
                plain.runKey(),
                plain.provenance(),
                plain.schemas(),
                plain.facts(),
                plain.time(),
                parent);
        Callable<Snapshot> commit = () -> attempts.get(writer).commit(request);
        running.add(writers.submit(() -> turns.taking(writer, commit)));
      }
      List<Snapshot> results = new ArrayList<>();
      for (Future<Snapshot> one : running) {
        try {
          results.add(one.get());
        } catch (java.util.concurrent.ExecutionException e) {
          assertThat(e.getCause())
              .isInstanceOfSatisfying(
                  WeftException.class,
                  weft -> assertThat(weft.exitCode()).isEqualTo(ExitCode.TRY_LATER))
              .hasMessageContaining("continues version 0, but version 1 was committed");
        }
      }
      return results;
    } finally {
      writers.shutdownNow();
      FaultFileSystem.reset(likeS3);
    }
  }

  /** Lets one of two threads make its next call, drawn by lot. */
  private static final class Turns implements Fault {
    private final SplittableRandom lots;
    private final ThreadLocal<Integer> writer = ThreadLocal.withInitial(() -> -1);
    private final boolean[] gone = new boolean[2];
    private int next;

    Turns(int seed) {
      lots = new SplittableRandom(seed);
      next = lots.nextInt(2);
    }

    <T> T taking(int number, Callable<T> work) throws Exception {
      writer.set(number);
      try {
        return work.call();
      } finally {
        synchronized (this) {
          gone[number] = true;
          next = 1 - number;
          notifyAll();
        }
      }
    }

    @Override
    public synchronized void at(Moment moment, String call, org.apache.hadoop.fs.Path path) {
      int me = writer.get();
      if (me < 0 || moment == Moment.AFTER) {
        return;
      }
      if (next == me) { // my turn lasts from one call to the next
        next = lots.nextInt(2);
        notifyAll();
      }
      try {
        while (next != me && !gone[1 - me]) {
          wait();
        }
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
