package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Binder;
import dev.weft.config.Settings;
import dev.weft.jobs.release.FineTuneJob;
import dev.weft.store.Artefact;
import dev.weft.store.Release;
import dev.weft.store.Retention;
import dev.weft.store.RunRecord;
import dev.weft.store.Snapshot;
import dev.weft.store.Vacuum;
import dev.weft.store.Verification;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import picocli.CommandLine;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that look after the configuration and the stored snapshots; none needs Spark. */
final class StoreCommands {
  private StoreCommands() {}

  static void addTo(CommandLine root, Commands.Console console) {
    Commands.add(
        root,
        new PrintConfig(console),
        "print-config",
        "Shows every key with its value and where it came from.",
        "print-config --config conf/wardrobe.yaml --set train.epochs=3");
    Commands.add(
        root,
        new Status(console),
        "status",
        "Shows the published versions, tags and runs; with --run-key or --run-id, ends with that"
            + " run's code;"
            + " with --verify, reads every stored file and compares it with its checksum.",
        "status --config conf/wardrobe.yaml",
        "status --config conf/wardrobe.yaml --verify",
        "status --config conf/wardrobe.yaml --run-key 3f6c...",
        "status --config conf/wardrobe.yaml --run-id nightly-2026-11-25");
    Commands.add(
        root,
        new Tag(console),
        "tag",
        "Gives a version a name that readers can ask for, such as candidate.",
        "tag index 3 candidate --config conf/wardrobe.yaml");
    Commands.add(
        root,
        new RollBack(console),
        "roll-back",
        "Publishes an earlier version again, as the newest; of a release, all that it names at"
            + " once.",
        "roll-back release 2 --config conf/wardrobe.yaml",
        "roll-back train/gated 2 --config conf/wardrobe.yaml");
    Commands.add(
        root,
        new VacuumCommand(console),
        "vacuum",
        "Shows which versions are no longer kept and which files nobody refers to; with --delete,"
            + " retires and frees them.",
        "vacuum --config conf/wardrobe.yaml",
        "vacuum --config conf/wardrobe.yaml --keep 3 --delete");
  }

  /** A command on the artefacts under the configured root. */
  private abstract static class StoreCommand extends Commands.ConfiguredCommand
      implements Callable<Integer> {
    private final Commands.Console console;
    private final Configuration hadoop = new Configuration();

    StoreCommand(Commands.Console console) {
      this.console = console;
    }

    void say(String format, Object... arguments) {
      console.out().println(String.format(Locale.ROOT, format, arguments));
    }

    void result(String stage, Map<String, Object> figures) {
      Map<String, Object> fields = new LinkedHashMap<>();
      fields.put("stage", stage);
      fields.put("status", StageResult.DONE);
      fields.putAll(figures);
      console.result().accept(fields);
    }

    private String root() {
      return PipelineConfig.bind(settings(List.of()), file()).root();
    }

    Artefact artefact(String name) {
      return Artefact.open(hadoop, root(), name);
    }

    List<Artefact> artefacts() {
      return Artefact.all(hadoop, root());
    }
  }

  private static final class PrintConfig extends StoreCommand {
    PrintConfig(Commands.Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      Settings settings = settings(List.of());
      PipelineConfig.bind(settings, file());
      for (String key : Binder.keysOf(PipelineConfig.class)) {
        Settings.Setting setting = settings.find(key).orElseThrow();
        say("%-60s # %s", key + ": " + setting.value(), setting.place());
      }
      result("print-config", Map.of());
      return ExitCode.OK.code();
    }
  }

  private static final class Status extends StoreCommand {
    @Option(
        names = "--run-key",
        paramLabel = "KEY",
        description =
            "A run key, or the beginning of one: ends with the exit code of its last run.")
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

    Status(Commands.Console console) {
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
            run.map(StoreCommands::words).orElse("-"));
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
  }

  private static String words(RunRecord run) {
    String first = run.status().name().toLowerCase(Locale.ROOT) + " " + run.updated();
    String key = ", key " + run.runKey().substring(0, 12);
    return run.cause().isEmpty()
        ? first + key
        : first + " with exit code " + run.exitCode() + key + ": " + run.cause();
  }

  /** A command on one version of one artefact. */
  private abstract static class VersionCommand extends StoreCommand {
    @Parameters(index = "0", paramLabel = "ARTEFACT", description = "Such as index or train/gated.")
    private String name;

    @Parameters(index = "1", paramLabel = "VERSION", description = "A version of it.")
    private long version;

    VersionCommand(Commands.Console console) {
      super(console);
    }

    String name() {
      return name;
    }

    long version() {
      return version;
    }
  }

  private static final class Tag extends VersionCommand {
    @Parameters(index = "2", paramLabel = "TAG", description = "The name to give.")
    private String tag;

    Tag(Commands.Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      artefact(name()).tag(tag, version(), Clock.systemUTC());
      say("%s: version %d is %s", name(), version(), tag);
      result("tag", Map.of("artefact", name(), "version", version(), "tag", tag));
      return ExitCode.OK.code();
    }
  }

  private static final class RollBack extends VersionCommand {
    RollBack(Commands.Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      Artefact artefact = artefact(name());
      Snapshot older =
          artefact
              .at(version())
              .orElseThrow(
                  () ->
                      new WeftException(
                          ExitCode.INPUT_MISSING,
                          "Cannot roll back %s to version %d: there is no such version."
                              + " 'scripts/weft status' shows the newest; earlier ones may have"
                              + " been vacuumed.",
                          name(),
                          version()));
      Snapshot published = artefact.republish(older, Clock.systemUTC());
      say("%s: version %d is version %d again", name(), published.version(), version());
      Optional<Release> release = artefact(Release.ARTEFACT).latest().map(Release::of);
      release.ifPresent(current -> explain(current));
      result("roll-back", Map.of("artefact", name(), "version", published.version()));
      return ExitCode.OK.code();
    }

    private void explain(Release current) {
      if (name().equals(Release.ARTEFACT)) {
        current.parts().forEach((part, version) -> say("  %s version %d", part, version));
      } else if (current.parts().containsKey(name())) {
        say(
            "  search answers from release %d, which names version %d of %s: 'scripts/weft"
                + " roll-back release N' or 'scripts/weft promote' changes that",
            current.version(), current.parts().get(name()), name());
      }
    }
  }

  private static final class VacuumCommand extends StoreCommand {
    @Option(
        names = "--keep",
        paramLabel = "N",
        defaultValue = "10",
        description = "Newest versions to keep of each artefact (default ${DEFAULT-VALUE}).")
    private int keep;

    @Option(
        names = "--younger",
        paramLabel = "ISO",
        defaultValue = "P7D",
        description = "Versions younger than this are kept too (default ${DEFAULT-VALUE}).")
    private Duration younger;

    @Option(
        names = "--grace",
        paramLabel = "ISO",
        defaultValue = "P1D",
        description =
            "Files younger than this stay: longer than the longest job (default ${DEFAULT-VALUE}).")
    private Duration grace;

    @Option(names = "--delete", description = "Does it; without this, only shows it.")
    private boolean delete;

    VacuumCommand(Commands.Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      Retention retention = retention();
      Map<String, List<Long>> retired = new TreeMap<>();
      List<String> freed = new ArrayList<>();
      long bytes = 0;
      for (Artefact artefact : artefacts()) {
        Vacuum vacuum = retention.plan(artefact, Clock.systemUTC());
        if (!vacuum.retire().isEmpty()) {
          retired.put(artefact.name(), vacuum.retire());
        }
        vacuum.delete().forEach(path -> freed.add(path.toString()));
        bytes += vacuum.bytes();
        if (delete) {
          vacuum.carryOut();
        }
      }
      show(retired, freed, bytes);
      Map<String, Object> figures = new LinkedHashMap<>();
      figures.put("retired", retired);
      figures.put("files", freed.size());
      figures.put("bytes", bytes);
      figures.put("deleted", delete);
      result("vacuum", figures);
      return ExitCode.OK.code();
    }

    private Retention retention() {
      try {
        return new Retention(keep, younger, grace);
      } catch (IllegalArgumentException e) {
        throw new WeftException(e, ExitCode.USAGE, "%s", e.getMessage());
      }
    }

    private void show(Map<String, List<Long>> retired, List<String> freed, long bytes) {
      String would = delete ? "" : "would be ";
      retired.forEach(
          (artefact, versions) ->
              versions.forEach(
                  version -> say("%s version %d %sretired", artefact, version, would)));
      freed.forEach(path -> say("%s %sdeleted", path, would));
      say(
          "%sretired: %,d versions; %sdeleted: %,d files of %,d bytes%s",
          would,
          retired.values().stream().mapToInt(List::size).sum(),
          would,
          freed.size(),
          bytes,
          retired.isEmpty()
              ? ""
              : "; the files of a retired version go with the first vacuum after " + grace);
    }
  }
}
