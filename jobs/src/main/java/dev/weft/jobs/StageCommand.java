package dev.weft.jobs;

import java.util.Map;
import java.util.function.Function;

/** A command that runs one job. */
final class StageCommand extends SessionCommand {
  private final Function<Session, Map<String, Object>> job;

  StageCommand(Commands.Console console, Function<Session, Map<String, Object>> job) {
    super(console);
    this.job = job;
  }

  @Override
  Map<String, Object> run(Session session) {
    return job.apply(session);
  }
}
