package dev.weft.jobs;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.commons.lang3.exception.ExceptionUtils;
import org.apache.hadoop.util.VersionInfo;
import org.apache.spark.SparkException;
import picocli.CommandLine;

/**
 * The commands, their help, and the three things every command ends with: the {@code RESULT} line
 * on standard output, a plain paragraph on standard error if it failed, and an exit code.
 */
final class CommandLineInterface {
  private static final JsonMapper JSON = new JsonMapper();

  /** How Spark says that it could not hold something, or was no more. */
  private static final Pattern SPARK_GAVE_WAY =
      Pattern.compile("SparkContext was shut down|TaskResultLost");

  private final PrintStream out;
  private final PrintStream err;
  private String failure = "";

  CommandLineInterface(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** Runs one command line; never throws. */
  int run(String... args) {
    failure = "";
    boolean terminal = System.getenv("WEFT_TERMINAL") != null;
    CommandLine commandLine =
        Commands.commandLine(
            new Commands.Console(out, this::print, new Progress(err, terminal, System::nanoTime)));
    commandLine.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    commandLine.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    commandLine.setParameterExceptionHandler(this::usageError);
    commandLine.setExecutionExceptionHandler(this::executionError);
    return commandLine.execute(args);
  }

  /** Why the last command failed, as it was said; empty if it did not. */
  String failure() {
    return failure;
  }

  private void print(Map<String, Object> fields) {
    try {
      out.println("RESULT " + JSON.writeValueAsString(fields));
      out.flush();
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a result is not JSON: " + fields, e);
    }
  }

  private int usageError(CommandLine.ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    failure =
        String.format(
            Locale.ROOT,
            "Cannot run 'weft %s': %s. See 'scripts/weft %s --help'.",
            String.join(" ", args),
            e.getMessage(),
            command.getParent() == null ? "" : command.getCommandName());
    err.println(failure);
    CommandLine.UnmatchedArgumentException.printSuggestions(e, err);
    return ExitCode.USAGE.code();
  }

  private int executionError(
      Exception thrown, CommandLine command, CommandLine.ParseResult parsed) {
    WeftException plain = plain(thrown);
    failure = plain.getMessage();
    err.println(failure);
    if (parsed.hasMatchedOption("--debug") || plain.exitCode() == ExitCode.BUG) {
      thrown.printStackTrace(err);
    }
    print(failed(command.getCommandName(), plain));
    return plain.exitCode().code();
  }

  /** The fields of the {@code RESULT} line of a command that failed. */
  static Map<String, Object> failed(String command, WeftException plain) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("stage", command);
    fields.put("status", "failed");
    fields.put("exit_code", plain.exitCode().code());
    fields.put("error", plain.getMessage());
    return fields;
  }

  /** The failure that the user can act on: the first of ours in the chain of causes, if any. */
  static WeftException plain(Throwable thrown) {
    for (Throwable cause : ExceptionUtils.getThrowableList(thrown)) {
      if (cause instanceof WeftException ours) {
        return ours;
      }
    }
    Throwable first = ExceptionUtils.getRootCause(thrown);
    Throwable root = first == null ? thrown : first;
    if (root instanceof OutOfMemoryError) {
      return new WeftException(
          thrown,
          ExitCode.RESOURCE_MISSING,
          "Cannot go on: memory ran out (%s). Raise spark.driver.memory or spark.executor.memory,"
              + " or -Dorg.bytedeco.javacpp.maxbytes where it says physical memory.",
          root.getMessage());
    }
    if (root instanceof UnsupportedOperationException
        && String.valueOf(root.getMessage()).startsWith("getSubject")) {
      return new WeftException(
          thrown,
          ExitCode.RESOURCE_MISSING,
          "Cannot run on Java %s: Hadoop %s calls Subject.getSubject, which Java refuses since"
              + " version 23. Set JAVA_HOME to a JDK 17 or 21.",
          Runtime.version().feature(),
          VersionInfo.getVersion());
    }
    if (root instanceof IOException || root instanceof UncheckedIOException) {
      return new WeftException(
          thrown,
          ExitCode.IO,
          "Cannot go on: reading or writing failed: %s. Check the path, the rights and the disk,"
              + " then run the same command again: nothing half-written is kept.",
          root.getMessage());
    }
    String message = String.valueOf(root.getMessage());
    if (root instanceof SparkException && SPARK_GAVE_WAY.matcher(message).find()) {
      return new WeftException(
          thrown,
          ExitCode.RESOURCE_MISSING,
          "Cannot go on: Spark gave way while it was at work (%s). The lines above, or Spark's log, say"
              + " why: where memory ran out, raise spark.driver.memory or spark.executor.memory; then run"
              + " the same command again, nothing half-written is kept.",
          message.lines().findFirst().orElse(""));
    }
    return new WeftException(
        thrown,
        ExitCode.BUG,
        "Cannot go on: %s. This is a bug of Weft; please report it with the lines below.",
        root);
  }
}
