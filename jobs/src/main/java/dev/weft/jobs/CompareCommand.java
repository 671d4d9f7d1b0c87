package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.evaluate.Comparison;
import dev.weft.evaluate.Comparison.Bootstrap;
import dev.weft.evaluate.Comparison.Change;
import dev.weft.evaluate.Comparison.Side;
import dev.weft.evaluate.ComparisonTable;
import dev.weft.evaluate.Family;
import dev.weft.evaluate.Outcomes;
import dev.weft.jobs.evaluate.EvaluatedRun;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Compares the heads of two finished evaluations, query by query. */
final class CompareCommand implements Callable<Integer> {
  private final Commands.Console console;

  @Parameters(
      arity = "2",
      paramLabel = "RUN",
      description =
          "Root of a run, such as runs/wardrobe; with @VERSION or @TAG of evaluate for another than"
              + " the newest.")
  private List<String> runs;

  @Option(
      names = "--heads",
      paramLabel = "HEAD",
      split = ",",
      description =
          "Head of both runs, or of the first and the second; without it each run's best.")
  private List<String> heads = new ArrayList<>();

  @Option(
      names = "--resamples",
      paramLabel = "N",
      defaultValue = "10000",
      description = "Resamples of the bootstrap (default ${DEFAULT-VALUE}).")
  private int resamples;

  @Option(
      names = "--seed",
      paramLabel = "SEED",
      defaultValue = "1",
      description = "Seed of the bootstrap (default ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--queries",
      paramLabel = "N",
      defaultValue = "5",
      description = "Largest gains and losses to list (default ${DEFAULT-VALUE}).")
  private int listed;

  CompareCommand(Commands.Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    if (heads.size() > 2) {
      throw new WeftException(
          ExitCode.USAGE,
          "Cannot compare %d heads: --heads takes one for both runs, or two. Leave out the others.",
          heads.size());
    }
    if (listed < 0) {
      throw new WeftException(
          ExitCode.USAGE,
          "Cannot list %d queries: --queries takes a number of at least 0.",
          listed);
    }
    Configuration hadoop = new Configuration();
    EvaluatedRun first = EvaluatedRun.open(hadoop, runs.get(0));
    EvaluatedRun second = EvaluatedRun.open(hadoop, runs.get(1));
    String before = heads.isEmpty() ? first.best() : heads.get(0);
    String after = heads.isEmpty() ? second.best() : heads.get(heads.size() - 1);
    refuseOtherProtocols(first, second);
    List<Integer> cutoffs = cutoffs(first, second);
    Map<String, Object> protocols = new LinkedHashMap<>();
    say("first %s (%s), second %s (%s)", runs.get(0), before, runs.get(1), after);
    say("");
    for (Outcomes one : first.outcomes()) {
      for (Outcomes other : second.outcomes()) {
        if (one.protocol().equals(other.protocol())) {
          Comparison comparison =
              Comparison.of(
                  new Side(one, before),
                  new Side(other, after),
                  cutoffs,
                  new Bootstrap(resamples, seed));
          print(comparison, one.family());
          protocols.put(one.protocol(), comparison.named());
        }
      }
    }
    List<String> changes = first.changesTo(second);
    say("what changed from %s to %s:", runs.get(0), runs.get(1));
    (changes.isEmpty()
            ? List.of(before.equals(after) ? "nothing" : "nothing but the head")
            : changes)
        .forEach(change -> say("  %s", change));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("stage", "compare");
    fields.put("status", StageResult.DONE);
    fields.put("heads", List.of(before, after));
    fields.put("protocols", protocols);
    fields.put("changes", changes);
    console.result().accept(fields);
    return ExitCode.OK.code();
  }

  private void refuseOtherProtocols(EvaluatedRun first, EvaluatedRun second) {
    List<String> one = first.outcomes().stream().map(Outcomes::protocol).toList();
    List<String> other = second.outcomes().stream().map(Outcomes::protocol).toList();
    if (Collections.disjoint(one, other)) {
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot compare %s with %s: the first has numbers of %s, the second of %s, and numbers of"
              + " different protocols do not compare. Evaluate both by one protocol.",
          runs.get(0),
          runs.get(1),
          String.join(", ", one),
          String.join(", ", other));
    }
    List<String> left = new ArrayList<>(one);
    left.removeAll(other);
    other.stream().filter(protocol -> !one.contains(protocol)).forEach(left::add);
    left.forEach(protocol -> say("left out: only one of the runs has numbers of %s", protocol));
  }

  /** The cut-offs that both runs were evaluated with. */
  private static List<Integer> cutoffs(EvaluatedRun first, EvaluatedRun second) {
    List<Integer> cutoffs = new ArrayList<>();
    for (Object cutoff : (List<?>) first.settings().get("evaluate.cutoffs")) {
      if (((List<?>) second.settings().get("evaluate.cutoffs")).contains(cutoff)) {
        cutoffs.add(((Number) cutoff).intValue());
      }
    }
    return cutoffs;
  }

  private void print(Comparison comparison, Family family) {
    console.out().print(ComparisonTable.terminal(comparison));
    List<Change> changes = comparison.changes();
    List<Change> gains =
        changes.stream().filter(change -> change.gain() > 0).limit(listed).toList();
    List<Change> losses = new ArrayList<>(changes);
    Collections.reverse(losses);
    String by = family == Family.CIRCO ? " of average precision, with the rank of the target" : "";
    list("largest gains" + by, gains);
    list(
        "largest losses" + by,
        losses.stream().filter(change -> change.gain() < 0).limit(listed).toList());
    say("");
  }

  private void list(String title, List<Change> changes) {
    if (!changes.isEmpty()) {
      say("%s:", title);
      for (Change change : changes) {
        say(
            "  %-24s rank %,d -> %,d  %s",
            change.query().name(), change.first(), change.second(), change.query().text());
      }
    }
  }

  private void say(String format, Object... arguments) {
    console.out().println(String.format(Locale.ROOT, format, arguments));
  }
}
