package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.Binder;
import dev.weft.config.Settings;
import dev.weft.store.Artefact;
import dev.weft.store.Release;
import dev.weft.store.Snapshot;
import java.time.Clock;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
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
        new StatusCommand(console),
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

  private static final class PrintConfig extends StoreCommand {
    PrintConfig(Commands.Console console) {
      super(console);
    }

    @Override
    public Integer call() {
      Settings settings = settings(List.of());
      bound(settings);
      for (String key : Binder.keysOf(PipelineConfig.class)) {
        Settings.Setting setting = settings.find(key).orElseThrow();
        say("%-60s # %s", key + ": " + setting.value(), setting.place());
      }
      result("print-config", Map.of());
      return ExitCode.OK.code();
    }
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
}
