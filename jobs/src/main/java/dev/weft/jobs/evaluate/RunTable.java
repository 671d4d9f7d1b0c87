package dev.weft.jobs.evaluate;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.MarkedSection;
import dev.weft.WeftException;
import dev.weft.evaluate.ResultTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * The results of several runs as one table, mean and standard error: what the README shows is
 * written by it.
 */
public final class RunTable {
  private static final String MARK = "RESULT ";
  private static final String SECTION = "results";
  private static final JsonMapper JSON = new JsonMapper();

  private RunTable() {}

  /**
   * Reads the {@code RESULT} lines of pipeline runs; other lines are passed over.
   *
   * @param log standard output of the runs, one after the other
   * @param columns names of the metrics to show
   * @throws WeftException with {@link ExitCode#INPUT_MISSING} if there is no such line
   */
  public static ResultTable of(Path log, List<String> columns) {
    List<Map<String, Map<String, Double>>> runs = new ArrayList<>();
    for (String line : read(log).split("\n", -1)) {
      if (line.startsWith(MARK)) {
        Map<String, Map<String, Double>> run = metrics(log, line.substring(MARK.length()));
        if (!run.isEmpty()) {
          runs.add(run);
        }
      }
    }
    if (runs.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot make a table of %s: it has no RESULT line with metrics. Write the standard output"
              + " of scripts/weft pipeline into it.",
          log);
    }
    return of(runs, columns);
  }

  /**
   * The table of some runs, the best head by the first column first.
   *
   * @param runs head to metric to value, at least one run
   * @param columns names of the metrics to show
   */
  public static ResultTable of(List<Map<String, Map<String, Double>>> runs, List<String> columns) {
    Map<String, List<Map<String, Double>>> byHead = new LinkedHashMap<>();
    runs.forEach(
        run ->
            run.forEach(
                (head, values) ->
                    byHead.computeIfAbsent(head, name -> new ArrayList<>()).add(values)));
    List<ResultTable.Line> lines = new ArrayList<>();
    byHead.forEach(
        (head, values) ->
            lines.add(
                new ResultTable.Line(
                    head, columns.stream().map(column -> cell(values, column)).toList())));
    lines.sort(
        Comparator.comparingDouble(
            line -> -line.cells().get(0).map(ResultTable.Cell::mean).orElse(0.0)));
    return new ResultTable(
        runs.size() + (runs.size() == 1 ? " run" : " runs, mean ± standard error of the mean"),
        columns,
        lines,
        List.of(),
        List.of());
  }

  private static Optional<ResultTable.Cell> cell(List<Map<String, Double>> runs, String column) {
    List<Double> found =
        runs.stream().map(run -> run.get(column)).filter(Objects::nonNull).toList();
    return found.isEmpty() ? Optional.empty() : Optional.of(ResultTable.Cell.of(found));
  }

  /**
   * Replaces what stands between the marks {@code <!-- results -->} and {@code <!-- /results -->}.
   *
   * @param document a Markdown file with both marks
   */
  public static void writeInto(Path document, ResultTable table) {
    MarkedSection.replace(document, SECTION, table.markdown());
  }

  private static Map<String, Map<String, Double>> metrics(Path log, String json) {
    try {
      JsonNode metrics = JSON.readTree(json).path("metrics");
      return metrics.isMissingNode()
          ? Map.of()
          : JSON.convertValue(
              metrics, new TypeReference<LinkedHashMap<String, Map<String, Double>>>() {});
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot make a table of %s: one of its RESULT lines is cut off. Run that pipeline again.",
          log);
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
