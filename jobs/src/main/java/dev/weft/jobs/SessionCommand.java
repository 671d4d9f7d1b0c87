package dev.weft.jobs;

import dev.weft.ExitCode;
import dev.weft.config.Binder;
import dev.weft.jobs.tracking.MlflowTracking;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** A command that does its work in a session, and files it with MLflow where that is set. */
abstract class SessionCommand extends ConfiguredCommand {
  @Spec private CommandSpec spec;

  @Option(names = "--force", description = "Makes the output anew even if it is up to date.")
  private boolean force;

  SessionCommand(Commands.Console console) {
    super(console);
  }

  /** Does the work; what it returns is the {@code RESULT} line. */
  abstract Map<String, Object> run(Session session);

  /** Pairs from the command's own options. */
  List<String> ownPairs() {
    return List.of();
  }

  @Override
  public Integer call() {
    Session session = open(ownPairs(), force);
    try (session) {
      Map<String, Object> result = run(session);
      console().result().accept(result);
      tell(session, result);
    } catch (RuntimeException e) {
      tell(session, CommandLineInterface.failed(spec.name(), CommandLineInterface.plain(e)));
      throw e;
    }
    return ExitCode.OK.code();
  }

  private static void tell(Session session, Map<String, Object> result) {
    PipelineConfig config = session.config();
    Map<String, String> values = new TreeMap<>();
    for (String key : Binder.keysOf(PipelineConfig.class)) {
      values.put(key, String.valueOf(session.settings().find(key).orElseThrow().value()));
    }
    MlflowTracking.tell(config.tracking(), session.clock(), config.run(), values, result);
  }
}
