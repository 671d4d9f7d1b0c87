package dev.weft.store;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.ExitCode;
import dev.weft.store.Race.Blow;
import dev.weft.store.Race.End;
import dev.weft.store.Race.Hit;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;

/**
 * What the store must survive, as scenarios that count: the tests run a few thousand, {@code
 * scripts/soak store} all of them. Each scenario ends with the same examination: versions without
 * gaps, one version for each output, every committed file as written, every orphan found by vacuum,
 * and nothing that is referred to deleted.
 */
final class StoreFaults {
  private static final Duration DAY = Duration.ofDays(1);

  /** One for all: parsing Hadoop's defaults takes longer than a commit. */
  static final Configuration SETTINGS = settings();

  private StoreFaults() {}

  private static Configuration settings() {
    Configuration settings = FaultFileSystem.settings();
    settings.setBoolean("weft.store.single-writer", true);
    return settings;
  }

  /**
   * How scenarios ended.
   *
   * @param scenarios how many there were
   * @param committed processes that committed in spite of everything
   * @param failed processes that gave up with a plain message
   * @param killed processes that were killed
   * @param orphans files without a version, all of which vacuum found
   */
  record Tally(long scenarios, long committed, long failed, long killed, long orphans) {
    static final Tally NONE = new Tally(0, 0, 0, 0, 0);

    Tally plus(Tally other) {
      return new Tally(
          scenarios + other.scenarios,
          committed + other.committed,
          failed + other.failed,
          killed + other.killed,
          orphans + other.orphans);
    }
  }

  /**
   * Every moment of a commit (before and after each call to the store) x {crash, exception}, with
   * one writer, and with a second one whose calls come in between as drawn. An exception before a
   * call is an error; after it, an unknown outcome.
   *
   * @param likeS3 a store with conditional create; else one with a rename that does not overwrite
   * @param interleavings orders in which two writers take turns
   */
  static Tally everyMoment(boolean likeS3, int interleavings) throws Exception {
    Tally tally = Tally.NONE;
    int moments = moments(likeS3);
    for (int moment = 0; moment < moments; moment++) {
      for (Blow blow : Blow.values()) {
        List<Hit> hits = List.of(new Hit(0, moment, blow));
        tally = tally.plus(scenario(likeS3, 0, hits, List.of("new"), false));
        for (int seed = 0; seed < interleavings; seed++) {
          List<String> keys = List.of("new", seed % 2 == 0 ? "new" : "other");
          tally = tally.plus(scenario(likeS3, seed, hits, keys, false));
        }
      }
    }
    return tally;
  }

  /** Moments of an undisturbed commit. */
  static int moments(boolean likeS3) {
    Artefact artefact = fresh(likeS3);
    AtomicInteger moments = new AtomicInteger();
    FaultFileSystem.inject((moment, call, path) -> moments.incrementAndGet());
    Outputs.committed(artefact, "counted", "new");
    return moments.get();
  }

  /**
   * One drawn scenario: one to three writers of one or two outputs, up to three faults, and every
   * fourth time a vacuum among them, which may be hit as well.
   */
  static Tally drawn(long seed) throws Exception {
    SplittableRandom random = new SplittableRandom(seed);
    boolean likeS3 = random.nextBoolean();
    boolean vacuum = random.nextInt(4) == 0;
    List<String> keys = new ArrayList<>();
    for (int writers = 1 + random.nextInt(3); writers > 0; writers--) {
      keys.add(random.nextBoolean() ? "new" : "other");
    }
    int moments = 2 + moments(likeS3);
    List<Hit> hits = new ArrayList<>();
    for (int count = random.nextInt(4); count > 0; count--) {
      int process = random.nextInt(keys.size() + (vacuum ? 1 : 0));
      Blow blow = random.nextBoolean() ? Blow.CRASH : Blow.THROW;
      hits.add(new Hit(process, random.nextInt(moments), blow));
    }
    return scenario(likeS3, seed, hits, keys, vacuum);
  }

  private static Artefact fresh(boolean likeS3) {
    FaultFileSystem.reset(likeS3);
    FaultFileSystem.clear();
    Artefact artefact = Artefact.open(SETTINGS, "fault:///root", "train/gated");
    Outputs.committed(artefact, "first", "old");
    return artefact;
  }

  private static Tally scenario(
      boolean likeS3, long seed, List<Hit> hits, List<String> keys, boolean vacuum)
      throws Exception {
    Artefact artefact = fresh(likeS3);
    List<Callable<Snapshot>> processes = new ArrayList<>();
    for (int i = 0; i < keys.size(); i++) {
      String attempt = "writer-" + i;
      String key = keys.get(i);
      processes.add(() -> Outputs.committed(artefact, attempt, key));
    }
    if (vacuum) {
      processes.add(
          () -> {
            new Retention(1, Duration.ZERO, DAY)
                .plan(artefact, later(Duration.ofMinutes(1)))
                .carryOut();
            return null;
          });
    }
    List<End> ends = Race.run(seed, hits, processes);
    FaultFileSystem.reset(likeS3);
    String told = "S3 " + likeS3 + ", seed " + seed + ", outputs " + keys + ", " + hits;
    long orphans = examine(told, artefact, keys, ends.subList(0, keys.size()));
    long committed = ends.stream().filter(end -> end.snapshot().isPresent()).count();
    long failed = ends.stream().filter(end -> end.failure().isPresent()).count();
    long killed = ends.subList(0, keys.size()).stream().filter(End::killed).count();
    return new Tally(1, committed, failed, killed, orphans);
  }

  private static Clock later(Duration duration) {
    return Clock.offset(Outputs.CLOCK, duration);
  }

  /** Fails, telling the scenario, unless all is as it should be; returns how many orphans went. */
  private static long examine(String told, Artefact artefact, List<String> keys, List<End> ends) {
    for (End end : ends) {
      end.failure()
          .ifPresent(
              failure -> {
                assertThat(failure.exitCode()).as(told).isEqualTo(ExitCode.IO);
                assertThat(failure).as(told).hasMessageStartingWith("Cannot ");
              });
      end.snapshot().ifPresent(snapshot -> assertIsWhole(told, snapshot));
    }
    // The same commands again, as a scheduler would: each output is there once.
    for (int i = 0; i < keys.size(); i++) {
      String key = keys.get(i);
      if (artefact.withRunKey(Outputs.key(key)).isEmpty()) {
        Outputs.committed(artefact, "again-" + i, key);
      }
    }
    List<Snapshot> history = artefact.history();
    history.forEach(snapshot -> assertIsWhole(told, snapshot));
    assertThat(history.stream().map(Snapshot::version).sorted().toList())
        .as(told)
        .isEqualTo(
            LongStream.rangeClosed(
                    history.get(history.size() - 1).version(), history.get(0).version())
                .boxed()
                .toList());
    for (String key : Set.copyOf(keys)) {
      assertThat(history.stream().filter(one -> one.manifest().runKey().equals(Outputs.key(key))))
          .as(told)
          .hasSizeLessThanOrEqualTo(1);
    }
    assertThat(history.get(0).version()).as(told).isEqualTo(1L + Set.copyOf(keys).size());
    return vacuumed(told, artefact);
  }

  private static void assertIsWhole(String told, Snapshot snapshot) {
    snapshot.verify();
    String of = "params of " + snapshot.manifest().attempt();
    assertThat(new String(snapshot.read("params.bin"), StandardCharsets.UTF_8))
        .as(told)
        .isEqualTo(of);
  }

  private static long vacuumed(String told, Artefact artefact) {
    Retention keepAll = new Retention(1000, Duration.ZERO, DAY);
    Set<String> named =
        new HashSet<>(Retired.named(artefact.history().stream().map(Snapshot::manifest).toList()));
    Set<String> all = data(artefact);
    Set<String> orphans = new HashSet<>(all);
    orphans.removeAll(named);

    Vacuum vacuum = keepAll.plan(artefact, later(Duration.ofDays(10)));
    Set<String> found = new HashSet<>();
    vacuum.delete().forEach(path -> found.add(artefact.relative(path)));
    assertThat(found).as(told).isEqualTo(orphans);
    vacuum.carryOut();

    assertThat(data(artefact)).as(told).isEqualTo(named);
    artefact.history().forEach(snapshot -> assertIsWhole(told, snapshot));
    return orphans.size();
  }

  private static Set<String> data(Artefact artefact) {
    Set<String> data = new HashSet<>();
    try {
      Storage.listDeep(artefact.files(), artefact.data())
          .forEach(file -> data.add(artefact.relative(file.getPath())));
    } catch (IOException e) {
      throw Storage.failed(e, "list %s", artefact.data());
    }
    return data;
  }

  /**
   * Readers open the newest version and read all of it while versions are published and retired, on
   * the local disk. Every reader must get each answer from exactly one version, and never an older
   * one than before.
   *
   * @return how many times a version was opened
   */
  static long readers(Path root, int readers, int publications, int opens) throws Exception {
    Artefact artefact = Artefact.open(new Configuration(), root.toString(), "index");
    Outputs.committed(artefact, "first", "first");
    AtomicBoolean published = new AtomicBoolean();
    AtomicLong opened = new AtomicLong();
    ExecutorService threads = Executors.newFixedThreadPool(readers);
    try {
      List<Future<?>> reading = new ArrayList<>();
      for (int i = 0; i < readers; i++) {
        reading.add(
            threads.submit(
                () -> {
                  long last = 0;
                  while (!published.get() || opened.get() < opens) {
                    Snapshot snapshot = artefact.require();
                    assertThat(snapshot.version()).isGreaterThanOrEqualTo(last);
                    last = snapshot.version();
                    assertIsWhole("reader", snapshot);
                    opened.incrementAndGet();
                  }
                }));
      }
      for (int i = 0; i < publications; i++) {
        // Publications are spread over the opens, or the readers would find the last one only.
        while (opened.get() < (long) opens * i / publications) {
          Thread.onSpinWait();
        }
        Outputs.committed(artefact, "attempt-" + i, "output-" + i);
        if (i % 10 == 9) {
          Clock now = Clock.systemUTC();
          new Retention(3, Duration.ZERO, DAY).plan(artefact, now).carryOut();
        }
      }
      published.set(true);
      for (Future<?> one : reading) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
    assertThat(artefact.require().version()).isEqualTo(1L + publications);
    return opened.get();
  }

  /**
   * Flips one bit of one file of an artefact with versions in service and retired, a tag and run
   * records; {@link Verification} must name the file. Afterwards all is as before.
   *
   * @return the files that there were
   */
  static int flippedBits(Path root, long seed, int trials) throws Exception {
    Artefact artefact = Artefact.open(new Configuration(), root.toString(), "index");
    for (int i = 0; i < 4; i++) {
      Snapshot snapshot = Outputs.committed(artefact, "attempt-" + i, "output-" + i);
      RunRecord begun =
          RunRecord.running(snapshot.manifest().runKey(), "attempt-" + i, Outputs.CLOCK);
      artefact.record(begun.succeeded(snapshot, Outputs.CLOCK));
      artefact.tag("prod", snapshot.version(), Outputs.CLOCK);
    }
    new Retention(1, Duration.ZERO, DAY).plan(artefact, Clock.systemUTC()).carryOut();
    assertThat(Verification.of(artefact).problems()).isEmpty();
    List<Path> files;
    try (Stream<Path> walk = Files.walk(root)) {
      files = walk.filter(Files::isRegularFile).filter(StoreFaults::isServed).sorted().toList();
    }
    SplittableRandom random = new SplittableRandom(seed);
    for (int trial = 0; trial < trials; trial++) {
      Path file = files.get(random.nextInt(files.size()));
      byte[] content = Files.readAllBytes(file);
      int bit = random.nextInt(8 * content.length);
      byte[] damaged = content.clone();
      damaged[bit / 8] ^= (byte) (1 << bit % 8);
      Files.write(file, damaged);
      assertThat(Verification.of(artefact).problems())
          .as("bit %d of %s", bit, file)
          .isNotEmpty()
          .allMatch(problem -> problem.contains(file.getFileName().toString()));
      Files.write(file, content);
    }
    assertThat(Verification.of(artefact).problems()).isEmpty();
    return files.size();
  }

  /** Data that only a retired version names waits for its deletion and is read by nobody. */
  private static boolean isServed(Path file) {
    return !file.toString().contains("/data/") || file.toString().contains("attempt-3");
  }
}
