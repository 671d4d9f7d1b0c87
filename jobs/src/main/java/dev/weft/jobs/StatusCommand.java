package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.jobs.release.FineTuneJob;
import dev.weft.store.Artefact;
import dev.weft.store.RunRecord;
import dev.weft.store.Snapshot;
import dev.weft.store.Verification;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Shows what is published, how a run ended, or which stored files are damaged. */
final class StatusCommand extends StoreCommand {
  @Option(
      names = "--run-key",
      paramLabel = "KEY",
      description = "A run key, or the beginning of one: ends with the exit code of its last run.")
  private String runKey;

  @Option(
      names = "--run-id",
      paramLabel = "ID",
      description = "The id that a run of fine-tune was given: as --run-key with its key.")
  private String runId;

  @Option(
      names = "--verify",
      description = "Reads every file of every version and finds what was damaged.")
  private boolean verify;

  StatusCommand(Commands.Console console) {
    super(console);
  }

  @Override
  public Integer call() {
    if (verify) {
      return verified();
    }
    if (runId != null) {
      runKey = FineTuneJob.runKey(runId);
    }
    return runKey == null ? overview() : ofRun();
  }

  private int verified() {
    int files = 0;
    long bytes = 0;
    List<String> problems = new ArrayList<>();
    for (Artefact artefact : artefacts()) {
      Verification verification = Verification.of(artefact);
      files += verification.files();
      bytes += verification.bytes();
      problems.addAll(verification.problems());
      say(
          "%-28s %,d files, %s",
          artefact.name(),
          verification.files(),
          verification.problems().isEmpty()
              ? "all as written"
              : verification.problems().size() + " damaged");
    }
    problems.forEach(problem -> say("%s", problem));
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("files", files);
    figures.put("bytes", bytes);
    figures.put("damaged", problems.size());
    result("status", figures);
    return problems.isEmpty() ? ExitCode.OK.code() : ExitCode.IO.code();
  }

  private int overview() {
    Map<String, Object> versions = new LinkedHashMap<>();
    say("%-28s %8s  %-24s %-16s %s", "artefact", "version", "committed", "tags", "last run");
    for (Artefact artefact : artefacts()) {
      Optional<Snapshot> latest = artefact.latest();
      Optional<RunRecord> run = artefact.runs().stream().findFirst();
      say(
          "%-28s %8s  %-24s %-16s %s",
          artefact.name(),
          latest.map(snapshot -> String.valueOf(snapshot.version())).orElse("-"),
          latest.map(snapshot -> snapshot.manifest().committed().toString()).orElse("-"),
          artefact.tags().isEmpty() ? "-" : artefact.tags().toString(),
          run.map(StatusCommand::words).orElse("-"));
      latest.ifPresent(snapshot -> versions.put(artefact.name(), snapshot.version()));
    }
    result("status", Map.of("versions", versions));
    return ExitCode.OK.code();
  }

  private int ofRun() {
    for (Artefact artefact : artefacts()) {
      for (RunRecord run : artefact.runs()) {
        if (run.runKey().startsWith(runKey)) {
          say("%s: %s", artefact.name(), words(run));
          Map<String, Object> figures = new LinkedHashMap<>();
          figures.put("artefact", artefact.name());
          figures.put("run_key", run.runKey());
          figures.put("run_status", run.status().name().toLowerCase(Locale.ROOT));
          figures.put("exit_code", run.exitCode());
          figures.put("cause", run.cause());
          result("status", figures);
          return run.status() == RunRecord.Status.RUNNING
              ? ExitCode.TRY_LATER.code()
              : run.exitCode();
        }
      }
    }
    throw new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot show the run %s: no run record under the root has a key that begins so."
            + " 'scripts/weft status' without --run-key lists the artefacts.",
        runKey);
  }

  private static String words(RunRecord run) {
    String first = run.status().name().toLowerCase(Locale.ROOT) + " " + run.updated();
    String key = ", key " + run.runKey().substring(0, 12);
    return run.cause().isEmpty()
        ? first + key
        : first + " with exit code " + run.exitCode() + key + ": " + run.cause();
  }
}
