package dev.weft.jobs;

import dev.weft.ExitCode;
import java.util.Locale;
import java.util.TimeZone;

/**
 * The main class of the jar: {@code spark-submit --class dev.weft.jobs.Weft weft.jar <command>
 * ...}.
 *
 * <p>Ends normally on success. A failure ends the process with its exit code, except in YARN's
 * cluster mode, where the application master would take {@code System.exit} for a crash: there it
 * is thrown, and YARN's diagnostics begin with it.
 */
public final class Weft {
  private Weft() {}

  /** Runs the command line. */
  public static void main(String[] args) {
    Locale.setDefault(Locale.ROOT);
    TimeZone.setDefault(TimeZone.getTimeZone("UTC"));
    CommandLineInterface commands = new CommandLineInterface(System.out, System.err);
    int code = commands.run(args);
    if (code == ExitCode.OK.code()) {
      return;
    }
    if (Session.isYarnDriver()) {
      throw new IllegalStateException(
          "weft ended with exit code " + code + ". " + commands.failure());
    }
    System.exit(code);
  }
}
