package dev.weft.jobs.release;

import dev.weft.ingest.wardrobe.WardrobeWriter;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.Progress;
import dev.weft.jobs.Session;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.TinyWardrobe;
import dev.weft.jobs.store.Table;
import dev.weft.store.Artefact;
import dev.weft.store.FileEntry;
import dev.weft.store.Release;
import dev.weft.store.RunRecord;
import dev.weft.store.Snapshot;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Scheduled runs on a wardrobe of their own, which grows.
 *
 * @param root of the artefacts
 * @param wardrobe where the data set lies
 */
record FineTuneRuns(Path root, Path wardrobe) {
  private static final ByteArrayOutputStream SAID = new ByteArrayOutputStream();

  /** Half of the training images are there, or all. */
  void deliver(int percent) {
    Session session = session(Clock.systemUTC(), "wardrobe.delivered-percent=" + percent);
    WardrobeWriter.write(session.config().wardrobe(), session.hadoop(), drawn -> {});
  }

  Session session(Clock clock, String... pairs) {
    List<String> all = new ArrayList<>(own());
    all.addAll(Arrays.asList(pairs));
    Session tiny = TinyWardrobe.sessionOn(root, all.toArray(String[]::new));
    return new Session(
        LocalSpark.session(),
        tiny.config(),
        tiny.settings(),
        new Session.Options(
            false,
            new Progress(
                new PrintStream(SAID, true, StandardCharsets.UTF_8), false, System::nanoTime),
            clock));
  }

  private List<String> own() {
    return List.of(
        "wardrobe.enabled=false",
        "wardrobe.folder=" + wardrobe,
        "wardrobe.circo-val-queries=0",
        "wardrobe.circo-test-queries=0",
        "train.heads=[gated]",
        "train.checkpoint-steps=1",
        "align.epochs=1",
        "evaluate.examples=0",
        "evaluate.baselines=[]",
        "evaluate.resamples=100",
        "index.galleries=all",
        "index.files=1",
        "fine-tune.resamples=200",
        "fine-tune.minimum-gain=-1",
        "fine-tune.worst-category-loss=1");
  }

  /** The settings of a session, for a process of its own. */
  List<String> pairs() {
    Map<String, String> all = new LinkedHashMap<>();
    Stream.of(TinyWardrobe.pairs(root), own())
        .flatMap(List::stream)
        .forEach(pair -> all.put(pair.substring(0, pair.indexOf('=')), pair));
    return List.copyOf(all.values());
  }

  StageResult run(String... pairs) {
    return FineTuneJob.run(session(Clock.systemUTC(), pairs), "");
  }

  /** What was said since the last call. */
  static String said() {
    String said = SAID.toString(StandardCharsets.UTF_8);
    SAID.reset();
    return said;
  }

  Artefact artefact(String name) {
    return session(Clock.systemUTC()).artefact(name);
  }

  Release release() {
    return Release.of(artefact(Release.ARTEFACT).require());
  }

  /** The newest version of every artefact. */
  Map<String, Long> versions() {
    Map<String, Long> versions = new TreeMap<>();
    for (Artefact artefact : Artefact.all(session(Clock.systemUTC()).hadoop(), root.toString())) {
      versions.put(artefact.name(), artefact.latest().map(Snapshot::version).orElse(0L));
    }
    return versions;
  }

  /** How the last run of the scheduler ended. */
  RunRecord lastRun() {
    String key = FineTuneJob.runKey(session(Clock.systemUTC()).config().run());
    return artefact(FineTuneJob.ARTEFACT).runs().stream()
        .filter(run -> run.runKey().equals(key))
        .findFirst()
        .orElseThrow();
  }

  /**
   * What the current release consists of: the checksums of the files of head and encoder, and the
   * rows of the index, whose files say in another order in each process how they are compressed.
   */
  Map<String, List<String>> released() {
    Map<String, List<String>> content = new TreeMap<>();
    for (Snapshot part : release().requireParts()) {
      part.verify();
      String name = part.artefact().name();
      if (name.equals("index")) {
        content.put(
            name,
            Table.INDEX.read(LocalSpark.session(), part).collectAsList().stream()
                .map(row -> row.json())
                .sorted()
                .toList());
      } else if (!name.startsWith("evaluate")) { // its page has a date
        content.put(name, part.manifest().files().stream().map(FileEntry::sha256).toList());
      }
    }
    return content;
  }

  /**
   * What was committed and may not be lost: the numbers of the versions of each artefact, but for
   * those that only help a run to go on. Each version is checked to be whole.
   */
  Map<String, List<Long>> committed() {
    Map<String, List<Long>> committed = new TreeMap<>();
    for (Artefact artefact : Artefact.all(session(Clock.systemUTC()).hadoop(), root.toString())) {
      if (!artefact.name().endsWith("/checkpoint") && !artefact.name().endsWith("/shards")) {
        artefact.history().forEach(Snapshot::verify);
        committed.put(artefact.name(), artefact.versionNumbers());
      }
    }
    return committed;
  }

  /** The same state under another root. */
  FineTuneRuns copy(Path to) {
    try (var files = Files.walk(root)) {
      for (Path file : files.toList()) {
        Path target = to.resolve(root.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(target);
        } else {
          Files.copy(file, target);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return new FineTuneRuns(to, wardrobe);
  }
}
