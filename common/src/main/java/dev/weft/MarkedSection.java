package dev.weft;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** A part of a Markdown document that a program writes, between two marks. */
public final class MarkedSection {
  private MarkedSection() {}

  /**
   * Replaces what stands between the marks {@code <!-- name -->} and {@code <!-- /name -->}.
   *
   * @param document a Markdown file with both marks
   * @param name what the marks say
   * @param text what shall stand there, whole lines
   * @throws WeftException with {@link ExitCode#INPUT_MISSING} if the file or a mark is missing
   */
  public static void replace(Path document, String name, String text) {
    String begin = "<!-- " + name + " -->\n";
    String end = "<!-- /" + name + " -->";
    String old = read(document);
    int from = old.indexOf(begin);
    int to = old.indexOf(end);
    if (from < 0 || to < from) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot write the table into %s: it lacks the lines '%s' and '%s'. Add them where the"
              + " table shall stand.",
          document,
          begin.strip(),
          end);
    }
    try {
      Files.writeString(
          document, old.substring(0, from + begin.length()) + text + old.substring(to));
    } catch (IOException e) {
      throw new WeftException(e, ExitCode.IO, "Cannot write %s: %s.", document, e.getMessage());
    }
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot read %s: %s. Name a file that exists.",
          file,
          e.getMessage());
    }
  }
}
