package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.evaluate.Predictions;
import dev.weft.evaluate.Protocol;
import dev.weft.jobs.evaluate.EvaluatedRun;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** Writes the files that an evaluation server takes, checked by its own rules. */
final class ExportSubmissionCommand extends ScoreCommands.AnnotatedCommand {
  private final Commands.Console console;

  @Option(
      names = "--protocol",
      paramLabel = "NAME",
      required = true,
      description = "circo/test, circo/test-noref, cirr/test, or the like of another split.")
  private String name;

  @ArgGroup(multiplicity = "1")
  private Rankings rankings;

  @Option(
      names = "--head",
      paramLabel = "HEAD",
      description = "With --run: the head whose rankings to export (default the run's best).")
  private String head;

  @Option(
      names = "--output",
      paramLabel = "DIR",
      required = true,
      description = "Folder of the files, made if it is not there.")
  private Path output;

  /** Where the rankings come from. */
  static final class Rankings {
    @Option(
        names = "--predictions",
        paramLabel = "FILE",
        arity = "1..*",
        description = "JSON lines of {query, ranking}, or a submission to check; any Hadoop URI.")
    private List<String> predictions;

    @Option(
        names = "--run",
        paramLabel = "RUN",
        description =
            "Root of a run, such as runs/circo, whose evaluate.splits named the split; with"
                + " @VERSION or @TAG for another than the newest.")
    private String run;
  }

  ExportSubmissionCommand(Commands.Console console) {
    this.console = console;
  }

  @Override
  public Integer call() {
    PipelineConfig config = config();
    Protocol protocol = protocol(name, config);
    List<String> files = rankings.predictions;
    if (files == null) {
      EvaluatedRun run = EvaluatedRun.open(hadoop(), rankings.run);
      files = List.of(run.predictions(protocol.name(), head == null ? run.best() : head));
    }
    Map<String, byte[]> submission =
        new Predictions(protocol, annotations(protocol, config)).submission(hadoop(), files);
    List<String> written = new ArrayList<>();
    submission.forEach((file, content) -> written.add(write(output.resolve(file), content)));
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("stage", "export-submission");
    fields.put("status", StageResult.DONE);
    fields.put("protocol", protocol.name());
    fields.put("files", written);
    console.result().accept(fields);
    return ExitCode.OK.code();
  }

  /** Never seen half-written. */
  private String write(Path file, byte[] content) {
    try {
      Files.createDirectories(output);
      // Not a temporary file of Java's, which nobody but its owner may read.
      Path fresh = output.resolve("." + file.getFileName() + "-" + UUID.randomUUID() + ".part");
      Files.write(fresh, content);
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot write %s: %s. Check the folder and its room.",
          file,
          e.getMessage());
    }
    console.out().println(String.format(Locale.ROOT, "%s  %,d bytes", file, content.length));
    return file.toString();
  }
}
