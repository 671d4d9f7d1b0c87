package dev.weft;

import com.google.errorprone.annotations.FormatMethod;
import java.util.Locale;

/**
 * A failure that its user can understand and mend.
 *
 * <p>The message is one plain paragraph: <em>Cannot do what: why, with the values and the place.
 * How to fix it.</em> The command line prints it without a stack trace and ends with {@link
 * #exitCode}.
 */
public class WeftException extends RuntimeException {
  private final ExitCode exitCode;

  /**
   * @param exitCode what the process ends with
   * @param format the message, as for {@link String#format}
   * @param arguments the values of the message
   */
  @FormatMethod
  public WeftException(ExitCode exitCode, String format, Object... arguments) {
    this(null, exitCode, format, arguments);
  }

  /** As above, with the first cause kept for {@code --debug}. */
  @FormatMethod
  public WeftException(Throwable cause, ExitCode exitCode, String format, Object... arguments) {
    super(String.format(Locale.ROOT, format, arguments), cause);
    this.exitCode = exitCode;
  }

  /** What the process ends with. */
  public ExitCode exitCode() {
    return exitCode;
  }
}
