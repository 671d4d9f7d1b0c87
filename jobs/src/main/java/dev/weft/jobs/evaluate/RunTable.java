package dev.weft.jobs.evaluate;

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
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The results of several pipeline runs as one table, mean and standard error: what the README shows
 * is written by it.
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
    Map<String, Map<String, List<Double>>> values = new LinkedHashMap<>();
    int runs = 0;
    for (String line : read(log).split("\n", -1)) {
      if (line.startsWith(MARK)) {
        JsonNode metrics = metrics(log, line.substring(MARK.length()));
        runs += metrics.isEmpty() ? 0 : 1;
        metrics
            .properties()
            .forEach(
                head -> {
                  Map<String, List<Double>> byMetric =
                      values.computeIfAbsent(head.getKey(), name -> new LinkedHashMap<>());
                  head.getValue()
                      .properties()
                      .forEach(
                          metric ->
                              byMetric
                                  .computeIfAbsent(metric.getKey(), name -> new ArrayList<>())
                                  .add(metric.getValue().asDouble()));
                });
      }
    }
    if (runs == 0) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot make a table of %s: it has no RESULT line with metrics. Write the standard output of"
              + " scripts/weft pipeline into it.",
          log);
    }
    List<ResultTable.Line> lines = new ArrayList<>();
    values.forEach(
        (head, byMetric) ->
            lines.add(
                new ResultTable.Line(
                    head,
                    columns.stream()
                        .map(column -> Optional.ofNullable(byMetric.get(column)))
                        .map(found -> found.map(ResultTable.Cell::of))
                        .toList())));
    return new ResultTable(
        runs + (runs == 1 ? " run" : " runs, mean ± standard error of the mean"),
        columns,
        lines,
        List.of(),
        List.of());
  }

  /**
   * Replaces what stands between the marks {@code <!-- results -->} and {@code <!-- /results -->}.
   *
   * @param document a Markdown file with both marks
   */
  public static void writeInto(Path document, ResultTable table) {
    MarkedSection.replace(document, SECTION, table.markdown());
  }

  private static JsonNode metrics(Path log, String json) {
    try {
      return JSON.readTree(json).path("metrics");
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
