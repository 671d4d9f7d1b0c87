package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.store.Artefact;
import dev.weft.store.Retention;
import dev.weft.store.Vacuum;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Option;

/** Shows or does the retirement of versions and the deletion of files that nobody refers to. */
final class VacuumCommand extends StoreCommand {
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
            versions.forEach(version -> say("%s version %d %sretired", artefact, version, would)));
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
