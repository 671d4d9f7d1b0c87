package dev.weft.jobs.evaluate;

import dev.weft.evaluate.ResultTable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** The results of several runs as one short table, mean and standard error, as README shows it. */
public final class RunTable {
  private RunTable() {}

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
}
