package dev.weft.store;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.WeftException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.conf.Configuration;

/** What the snapshot protocol promises, tried on a store that others wrote. */
record StoreContract(Configuration settings, String root) {

  Artefact artefact(String name) {
    return Artefact.open(settings, root, name);
  }

  /** The probe that doctor shows finds the store fit. */
  void theProbeFindsItSafe() {
    StoreProbe probe = StoreProbe.of(settings, root, Clock.systemUTC());
    assertThat(probe.failure()).isEmpty();
    assertThat(probe.exclusive()).isTrue();
    assertThat(probe.listed()).isTrue();
  }

  /**
   * Of many writers at once each gets a version of its own, and none is skipped.
   *
   * @param during what happens to the store meanwhile
   * @param tries how often a writer may write its file: a NameNode that has just started knows no
   *     DataNode yet, and says so plainly
   */
  void everyWriterGetsAVersionOfItsOwn(Callable<?> during, int tries) throws Exception {
    ExecutorService writers = Executors.newFixedThreadPool(9);
    List<Future<Long>> versions = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String id = "w" + i;
      versions.add(
          writers.submit(
              () -> {
                Attempt attempt = written(id, tries);
                return attempt.commit(Outputs.request(id)).version();
              }));
    }
    Future<?> disturbance = writers.submit(during);
    List<Long> taken = new ArrayList<>();
    for (Future<Long> version : versions) {
      taken.add(version.get());
    }
    disturbance.get();
    writers.shutdown();

    assertThat(taken).containsExactlyInAnyOrder(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
    List<Snapshot> history = artefact("train/gated").history();
    assertThat(history).hasSize(8);
    history.forEach(Snapshot::verify);
  }

  private Attempt written(String id, int tries) throws InterruptedException {
    for (int failed = 0; ; failed++) {
      Attempt attempt = artefact("train/gated").begin(id + "-" + failed);
      try {
        attempt.write("head.json", id.getBytes(UTF_8));
        return attempt;
      } catch (WeftException e) {
        assertThat(e).hasMessageContaining("Cannot write head.json");
        if (failed + 1 == tries) {
          throw e;
        }
        Thread.sleep(1000);
      }
    }
  }

  /** Of two drivers with one run key one version comes out. */
  void ofTwoDriversOneVersionComesOut() {
    Attempt first = artefact("encode").begin("d1");
    Attempt second = artefact("encode").begin("d2");
    first.write("a", new byte[] {1});
    second.write("a", new byte[] {1});

    Snapshot winner = first.commit(Outputs.request("same"));
    Snapshot loser = second.commit(Outputs.request("same"));

    assertThat(loser.version()).isEqualTo(winner.version());
    assertThat(artefact("encode").history()).hasSize(1);
  }
}
