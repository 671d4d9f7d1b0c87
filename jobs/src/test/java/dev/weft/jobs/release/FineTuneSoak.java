package dev.weft.jobs.release;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.jobs.LocalSpark;
import dev.weft.jobs.cluster.ServerProcess;
import dev.weft.store.RunRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import org.apache.hadoop.fs.FileUtil;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code scripts/soak fine-tune}: scheduled runs in processes of their own, killed (SIGKILL) and
 * started again, or started twice at once. Each has to end in the release of the run that nobody
 * disturbed, with as many versions of everything, all of them whole.
 */
@Command(name = "scripts/soak fine-tune", mixinStandardHelpOptions = true)
final class FineTuneSoak implements Callable<Integer> {
  /** What can be run by itself. */
  private enum Part {
    /** The first run: killed in one phase, started, killed in the next, to the end. */
    FIRST,
    /** A run with a champion and new data: killed in one phase, then the same command. */
    PHASES,
    /** The same, killed at random moments. */
    MOMENTS,
    /** The same, started twice at once. */
    TWINS
  }

  @Parameters(arity = "0..*", description = "${COMPLETION-CANDIDATES}; none: all.")
  private Set<Part> parts = EnumSet.allOf(Part.class);

  @Option(names = "--kills", defaultValue = "10", description = "At random moments.")
  private int kills;

  @Option(names = "--twins", defaultValue = "3", description = "How often two are started at once.")
  private int twins;

  @Option(names = "--seed", defaultValue = "1", description = "Of the random moments.")
  private long seed;

  @Option(names = "--folder", description = "Kept afterwards; none: a temporary one.")
  private Path folder;

  private final Map<String, Map<String, Object>> found = new LinkedHashMap<>();
  private final List<String> broken = new ArrayList<>();
  private FineTuneRuns undisturbed;
  private FineTuneRuns before;
  private long milliseconds;

  private FineTuneSoak() {}

  public static void main(String[] arguments) {
    System.exit(
        new CommandLine(new FineTuneSoak())
            .setCaseInsensitiveEnumValuesAllowed(true)
            .execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    long start = System.nanoTime();
    Path place = folder == null ? Files.createTempDirectory("weft-soak") : folder;
    undisturbed = new FineTuneRuns(place.resolve("undisturbed"), place.resolve("wardrobe"));
    undisturbed.deliver(50);
    succeed(undisturbed);
    if (parts.contains(Part.FIRST)) {
      first(new FineTuneRuns(place.resolve("first"), undisturbed.wardrobe()));
    }
    before = undisturbed.copy(place.resolve("before"));
    undisturbed.deliver(100);
    long begun = System.nanoTime();
    succeed(undisturbed);
    milliseconds = (System.nanoTime() - begun) / 1_000_000;
    for (Part part : EnumSet.copyOf(parts)) {
      switch (part) {
        case FIRST -> {} // done, on less data
        case PHASES -> phases();
        case MOMENTS -> moments();
        case TWINS -> twins();
      }
    }
    LocalSpark.session().stop();
    if (folder == null) {
      FileUtil.fullyDelete(place.toFile());
    }
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("soak", "fine-tune");
    result.put("held", broken.isEmpty());
    result.put("broken", broken);
    result.put("seed", seed);
    result.put("seconds", Math.round((System.nanoTime() - start) / 1e9));
    result.put("parts", found);
    System.out.println("RESULT " + new JsonMapper().writeValueAsString(result));
    return broken.isEmpty() ? 0 : 1;
  }

  private static void succeed(FineTuneRuns runs) {
    FineTuneProcess.start(runs).require(0);
  }

  private FineTuneRuns fresh(String name) {
    return before.copy(undisturbed.root().resolveSibling(name));
  }

  private void first(FineTuneRuns runs) {
    int killed = 0;
    for (Phase phase : Phase.values()) {
      if (phase != Phase.EVALUATE_CHAMPION) { // there is none
        FineTuneProcess.killIn(phase, runs);
        killed++;
      }
    }
    succeed(runs);
    check("first, killed " + killed + " times", runs);
    found.put("first", Map.of("killed", killed));
  }

  private void phases() {
    for (Phase phase : Phase.values()) {
      if (phase == Phase.ALIGN) {
        continue; // the encoder is kept
      }
      String name = phase.name().toLowerCase(Locale.ROOT).replace('_', '-');
      FineTuneRuns runs = fresh("phase-" + name);
      FineTuneProcess.killIn(phase, runs);
      Map<String, List<Long>> committed = runs.committed();
      succeed(runs);
      runs.committed()
          .forEach(
              (artefact, versions) -> {
                if (!versions.containsAll(committed.getOrDefault(artefact, List.of()))) {
                  broken.add(name + ": a version of " + artefact + " is lost");
                }
              });
      check("killed in " + name, runs);
    }
    found.put("phases", Map.of("killed", Phase.values().length - 1));
  }

  private void moments() {
    SplittableRandom random = new SplittableRandom(seed);
    int ended = 0;
    for (int kill = 1; kill <= kills; kill++) {
      FineTuneRuns runs = fresh("moment-" + kill);
      ServerProcess process = FineTuneProcess.start(runs);
      long moment = random.nextLong(milliseconds);
      ServerProcess.pause(moment);
      ended += process.isAlive() ? 0 : 1;
      process.kill();
      succeed(runs);
      check("killed after " + moment + " ms of " + milliseconds, runs);
    }
    found.put("moments", Map.of("killed", kills - ended, "had_ended", ended));
  }

  private void twins() {
    for (int pair = 1; pair <= twins; pair++) {
      FineTuneRuns runs = fresh("twins-" + pair);
      ServerProcess one = FineTuneProcess.start(runs);
      ServerProcess other = FineTuneProcess.start(runs);
      one.require(0);
      other.require(0);
      check("started twice at once", runs);
    }
    found.put("twins", Map.of("pairs", twins));
  }

  /** Holds a root against the one that nobody disturbed. */
  private void check(String name, FineTuneRuns runs) {
    List<String> wrong = new ArrayList<>();
    if (!runs.released().equals(undisturbed.released())) {
      wrong.add("another release");
    }
    if (!runs.committed().equals(undisturbed.committed())) {
      wrong.add("versions " + runs.committed() + ", not " + undisturbed.committed());
    }
    if (runs.lastRun().status() != RunRecord.Status.SUCCEEDED) {
      wrong.add("the last run is " + runs.lastRun().status());
    }
    wrong.forEach(what -> broken.add(name + ": " + what));
    System.out.println(name + ": " + (wrong.isEmpty() ? "held" : String.join("; ", wrong)));
  }
}
