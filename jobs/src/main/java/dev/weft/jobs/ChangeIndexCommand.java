package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.jobs.index.IndexChange;
import java.util.List;
import picocli.CommandLine.Option;

/** Changes of the index. */
final class ChangeIndexCommand extends ConfiguredCommand {
  @Option(
      names = "--append",
      paramLabel = "FILE",
      defaultValue = "",
      description = "Images to add: the columns of the index, as Parquet.")
  private String append;

  @Option(
      names = "--replace",
      paramLabel = "FILE",
      defaultValue = "",
      description = "Images to add in place of those with the same keys.")
  private String replace;

  @Option(
      names = "--delete",
      paramLabel = "FILE",
      defaultValue = "",
      description = "Images to take out: dataset, category and id, as Parquet or JSON lines.")
  private String delete;

  @Option(names = "--compact", description = "Writes all rows anew, in the order of cells.")
  private boolean compact;

  ChangeIndexCommand(Commands.Console console) {
    super(console);
  }

  @Override
  public Integer call() {
    IndexChange change = new IndexChange(append, replace, delete, compact);
    try (Session session = open(List.of(), false)) {
      console().result().accept(change.run(session).announced(session.progress()).fields());
    }
    return ExitCode.OK.code();
  }
}
