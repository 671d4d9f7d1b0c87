package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RetentionTest {
  private static final Configuration SETTINGS = new Configuration();
  private static final Duration DAY = Duration.ofDays(1);

  /** Newest two, nothing by age, a day of grace. */
  private static final Retention NEWEST_TWO = new Retention(2, Duration.ZERO, DAY);

  @TempDir Path root;

  private Artefact artefact;

  /** Files get the time of the disk's clock, so the tests' clock begins there. */
  private final Clock now = Clock.fixed(Instant.now(), java.time.ZoneOffset.UTC);

  private final Clock nextWeek = Clock.offset(now, Duration.ofDays(7));
  private final Clock weekAfter = Clock.offset(now, Duration.ofDays(14));

  @BeforeEach
  void open() {
    artefact = Artefact.open(SETTINGS, root.toString(), "index");
  }

  private void commit(int count) {
    for (int i = 1; i <= count; i++) {
      Outputs.committed(artefact, "a" + i, "x" + i);
    }
  }

  private List<Long> versions() {
    return artefact.history().stream().map(Snapshot::version).toList();
  }

  private List<String> attempts() throws Exception {
    try (Stream<Path> folders = Files.list(root.resolve("index/data"))) {
      return folders.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void planChangesNothing() throws Exception {
    commit(4);

    Vacuum plan = NEWEST_TWO.plan(artefact, nextWeek);

    assertThat(plan.retire()).containsExactly(2L, 1L);
    assertThat(plan.delete()).isEmpty();
    assertThat(versions()).containsExactly(4L, 3L, 2L, 1L);
    assertThat(attempts()).hasSize(4);
  }

  @Test
  void filesOutliveTheirVersionByTheGracePeriod() throws Exception {
    commit(4);
    Snapshot pinned = artefact.at(1).get();

    NEWEST_TWO.plan(artefact, nextWeek).carryOut();
    assertThat(versions()).containsExactly(4L, 3L);
    pinned.verify();

    Vacuum early = NEWEST_TWO.plan(artefact, Clock.offset(nextWeek, Duration.ofHours(23)));
    assertThat(early.delete()).isEmpty();
    early.carryOut();
    pinned.verify();

    Vacuum last = NEWEST_TWO.plan(artefact, weekAfter);
    assertThat(last.delete()).hasSize(4);
    assertThat(last.bytes()).isEqualTo(2 * (12 + 12));
    last.carryOut();
    assertThat(attempts()).containsExactly("a3", "a4");
    assertThat(root.resolve("index/_retired")).isEmptyDirectory();
    artefact.history().forEach(Snapshot::verify);
  }

  @Test
  void youngAndTaggedVersionsStay() {
    commit(4); // committed at Outputs.NOON
    artefact.tag("prod", 1, now);
    Clock dayAfter = Clock.offset(Outputs.CLOCK, DAY);

    assertThat(new Retention(1, Duration.ofDays(2), DAY).plan(artefact, dayAfter).retire())
        .isEmpty();
    assertThat(new Retention(1, DAY, DAY).plan(artefact, dayAfter).retire())
        .containsExactly(3L, 2L);
  }

  @Test
  void whatIsTaggedAfterThePlanIsSpared() {
    commit(3);
    Vacuum plan = new Retention(1, Duration.ZERO, DAY).plan(artefact, nextWeek);
    artefact.tag("prod", 1, now);

    plan.carryOut();

    assertThat(versions()).containsExactly(3L, 1L);
  }

  @Test
  void filesOfUnfinishedAttemptsStayWhileTheyAreYoung() throws Exception {
    commit(1);
    Outputs.written(artefact, "running");

    NEWEST_TWO.plan(artefact, now).carryOut();
    assertThat(attempts()).containsExactly("a1", "running");

    NEWEST_TWO.plan(artefact, nextWeek).carryOut();
    assertThat(attempts()).containsExactly("a1");
  }

  @Test
  void anAttemptThatStillWritesStaysWhole() throws Exception {
    Outputs.written(artefact, "running");
    Files.setLastModifiedTime(
        root.resolve("index/data/running/params.bin"),
        java.nio.file.attribute.FileTime.from(now.instant().minus(Duration.ofDays(30))));

    assertThat(NEWEST_TWO.plan(artefact, now).delete()).isEmpty();
  }

  @Test
  void filesTakenOverByALaterVersionStay() throws Exception {
    commit(1);
    artefact.republish(artefact.require(), now);
    commitReusing("b", "a1");
    artefact.republish(artefact.at(1).get(), now);

    new Retention(1, Duration.ZERO, DAY).plan(artefact, nextWeek).carryOut();
    new Retention(1, Duration.ZERO, DAY).plan(artefact, weekAfter).carryOut();

    assertThat(attempts()).containsExactly("a1");
    artefact.require().verify();
  }

  @Test
  void rollBackBetweenPlanAndVacuumKeepsItsFiles() {
    commit(3);
    Snapshot old = artefact.at(1).get();
    new Retention(1, Duration.ZERO, DAY).plan(artefact, nextWeek).carryOut();
    Vacuum plan = new Retention(1, Duration.ZERO, DAY).plan(artefact, weekAfter);
    assertThat(plan.delete()).isNotEmpty();

    // A job that resolved version 1 before it was retired, and publishes only now.
    Snapshot back = artefact.republish(old, now);
    plan.carryOut();

    back.verify();
  }

  @Test
  void leftTemporariesGo() throws Exception {
    commit(1);
    artefact.record(RunRecord.running(Outputs.key("x1"), "a1", now));
    Path left = Files.writeString(root.resolve("index/_versions/.tmp-killed"), "{");
    Path record =
        Files.writeString(root.resolve("index/_runs/" + Outputs.key("x1") + "/.tmp-killed"), "{");

    NEWEST_TWO.plan(artefact, now).carryOut();
    assertThat(left).exists();
    assertThat(record).exists();

    NEWEST_TWO.plan(artefact, nextWeek).carryOut();
    assertThat(left).doesNotExist();
    assertThat(record).doesNotExist();
    assertThat(artefact.runs()).hasSize(1);
  }

  @Test
  void vacuumNeverDeletesAFileOfAKeptVersion() {
    for (int seed = 0; seed < 15; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      artefact = Artefact.open(SETTINGS, root.toString(), "drawn" + seed);
      Duration passed = Duration.ZERO;
      for (int step = 0; step < 12; step++) {
        List<Snapshot> history = artefact.history();
        passed = passed.plus(Duration.ofHours(random.nextInt(30)));
        Clock clock = Clock.offset(now, passed);
        switch (history.isEmpty() ? 0 : random.nextInt(5)) {
          case 0, 1 -> Outputs.committed(artefact, "a" + step, "x" + step);
          case 2 -> artefact.republish(history.get(random.nextInt(history.size())), clock);
          case 3 -> artefact.tag("prod", history.get(0).version(), clock);
          default ->
              new Retention(1 + random.nextInt(2), Duration.ZERO, DAY)
                  .plan(artefact, clock)
                  .carryOut();
        }
        artefact.history().forEach(Snapshot::verify);
        assertThat(versions()).contains(history.isEmpty() ? 1L : history.get(0).version());
      }
    }
  }

  @Test
  void atLeastOneVersionMustStay() {
    assertThatThrownBy(() -> new Retention(0, DAY, DAY))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least one version must stay");
  }

  private void commitReusing(String id, String from) {
    Attempt attempt = artefact.begin(id);
    List<FileEntry> taken = new ArrayList<>(artefact.require().manifest().files());
    assertThat(taken).allMatch(file -> file.attempt().equals(from));
    taken.forEach(attempt::add);
    attempt.commit(Outputs.request(id));
  }
}
