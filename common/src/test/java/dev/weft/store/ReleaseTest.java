package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReleaseTest {
  private static final Retention NEWEST = new Retention(1, Duration.ZERO, Duration.ofDays(1));

  @TempDir Path root;

  private Artefact release;
  private Artefact index;
  private Artefact head;
  private final Clock now = Clock.fixed(Instant.now(), ZoneOffset.UTC);

  @BeforeEach
  void open() {
    release = artefact(Release.ARTEFACT);
    index = artefact("index");
    head = artefact("train/gated");
  }

  private Artefact artefact(String name) {
    return Artefact.open(new Configuration(), root.toString(), name);
  }

  private Release commit(String id, Snapshot... parts) {
    CommitRequest request = Outputs.request(id);
    Map.Entry<String, Object> named = Release.fact(List.of(parts));
    return Release.of(
        release
            .begin(id)
            .commit(
                new CommitRequest(
                    request.runKey(),
                    request.provenance(),
                    Map.of(),
                    Map.of(named.getKey(), named.getValue()),
                    request.time(),
                    OptionalLong.empty())));
  }

  /** Two heads with an index each, both released, and newer ones of both that are not. */
  private void releaseTwo() {
    for (String id : List.of("one", "two")) {
      Snapshot newHead = Outputs.committed(head, "h" + id, "h" + id);
      commit(id, newHead, Outputs.committed(index, "i" + id, "i" + id));
    }
    Outputs.committed(head, "h3", "h3");
    Outputs.committed(index, "i3", "i3");
  }

  @Test
  void prodIsWhatTheCurrentReleaseNames() {
    index.tag("prod", Outputs.committed(index, "i0", "i0").version(), now);
    head.tag("prod", Outputs.committed(head, "h0", "h0").version(), now);
    assertThat(index.tags()).isEqualTo(Map.of("prod", 1L));

    commit("only-the-index", Outputs.committed(index, "i1", "i1"));

    assertThat(index.tags()).isEqualTo(Map.of("prod", 2L));
    assertThat(index.tagged("prod").orElseThrow().version()).isEqualTo(2);
    assertThat(head.tags()).isEmpty();
    assertThat(head.tagged("prod")).isEmpty();
    assertThat(release.tags()).isEqualTo(Map.of("prod", 1L));
    assertThatThrownBy(() -> index.tag("prod", 1, now))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining("it follows the current release, number 1")
        .extracting("exitCode")
        .isEqualTo(ExitCode.CONFIG);
    index.tag("candidate", 1, now);
    assertThat(index.tags()).isEqualTo(Map.of("prod", 2L, "candidate", 1L));
  }

  @Test
  void rollingBackMovesHeadAndIndexTogether() {
    releaseTwo();
    assertThat(List.of(head.tags().get("prod"), index.tags().get("prod"))).containsExactly(2L, 2L);

    release.republish(release.at(1).orElseThrow(), now);

    assertThat(List.of(head.tags().get("prod"), index.tags().get("prod"))).containsExactly(1L, 1L);
    assertThat(Release.of(release.require()).head().orElseThrow().manifest().attempt())
        .isEqualTo("hone");
    assertThat(release.require().version()).isEqualTo(3);
  }

  @Test
  void vacuumSparesWhatAKeptReleaseNames() {
    releaseTwo();
    Clock later = Clock.offset(now, Duration.ofDays(30));

    NEWEST.plan(index, later).carryOut();
    assertThat(index.history()).extracting(Snapshot::version).containsExactly(3L, 2L, 1L);

    NEWEST.plan(release, later).carryOut(); // release 1 goes out of service
    Clock muchLater = Clock.offset(now, Duration.ofDays(60));
    NEWEST.plan(index, muchLater).carryOut();
    assertThat(index.history()).extracting(Snapshot::version).containsExactly(3L, 2L);
    Release.of(release.require()).requireParts().forEach(Snapshot::verify);
  }

  @Test
  void vacuumSparesWhatWasReleasedAfterItsPlan() {
    Snapshot old = Outputs.committed(index, "i1", "i1");
    Outputs.committed(index, "i2", "i2");
    Vacuum plan = NEWEST.plan(index, Clock.offset(now, Duration.ofDays(30)));
    assertThat(plan.retire()).containsExactly(1L);

    commit("late", old);
    plan.carryOut();

    assertThat(index.at(1)).isPresent();
  }

  @Test
  void vacuumReadsEachReleaseOnceForAllVersionsThatItRetires() {
    FaultFileSystem.reset(false);
    FaultFileSystem.clear();
    release = Artefact.open(StoreFaults.SETTINGS, "fault:///vacuum", Release.ARTEFACT);
    index = Artefact.open(StoreFaults.SETTINGS, "fault:///vacuum", "index");
    for (int i = 1; i <= 6; i++) {
      Outputs.committed(index, "i" + i, "i" + i);
    }
    for (int i = 1; i <= 10; i++) {
      commit("r" + i, index.at(5).orElseThrow());
    }
    Vacuum plan = NEWEST.plan(index, Clock.offset(now, Duration.ofDays(3000)));
    AtomicInteger reads = new AtomicInteger();
    FaultFileSystem.inject(
        (moment, call, path) -> {
          boolean release = path.toString().contains("/release/_versions/");
          if (call.equals("open") && release && moment == FaultFileSystem.Moment.BEFORE) {
            reads.incrementAndGet();
          }
        });

    plan.carryOut();

    FaultFileSystem.reset(false);
    assertThat(index.history()).extracting(Snapshot::version).containsExactly(6L, 5L);
    int retired = 4; // for each the current release is looked up anew
    assertThat(reads.get()).isLessThanOrEqualTo(10 + retired);
    FaultFileSystem.clear();
  }

  @Test
  void aReleaseWithoutItsPartsIsNotRolledBackTo() throws Exception {
    releaseTwo();
    java.nio.file.Files.delete(Path.of(index.at(1).orElseThrow().path().toUri().getPath()));

    assertThatThrownBy(() -> release.republish(release.at(1).orElseThrow(), now))
        .isInstanceOf(WeftException.class)
        .hasMessageContaining(
            "Cannot use release 1: it names version 1 of index, which is not there")
        .hasMessageContaining("roll-back release N");
    assertThat(index.tags()).containsEntry("prod", 2L);
  }
}
