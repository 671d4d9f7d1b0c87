package dev.weft.jobs;

import dev.weft.jobs.release.FineTuneJob;
import java.util.Map;
import picocli.CommandLine.Option;

/** The scheduled run. */
final class FineTuneCommand extends SessionCommand {
  @Option(
      names = "--run-id",
      paramLabel = "ID",
      defaultValue = "",
      description =
          "What the scheduler calls this run, for status --run-id (default: the key run of the"
              + " configuration).")
  private String id;

  FineTuneCommand(Commands.Console console) {
    super(console);
  }

  @Override
  Map<String, Object> run(Session session) {
    return FineTuneJob.run(session, id).fields();
  }
}
