package dev.weft.evaluate;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Heads by metrics, in percent, for a terminal, a README or a page.
 *
 * <p>Over several runs a cell is their mean, with the standard error of the mean where there are at
 * least two: the sample standard deviation divided by the square root of the number of runs.
 *
 * @param caption protocol and counts, or what else must stand beside the numbers
 * @param columns metric names
 * @param lines one per head
 * @param degradedBecause why the numbers do not compare to published ones; empty if they do
 * @param notes remarks below the table
 */
public record ResultTable(
    String caption,
    List<String> columns,
    List<Line> lines,
    List<String> degradedBecause,
    List<String> notes) {
  private static final String ABSENT = "-";

  /**
   * One head.
   *
   * @param head its name
   * @param cells one per column, empty where the head has no such metric
   */
  public record Line(String head, List<Optional<Cell>> cells) {
    public Line {
      cells = List.copyOf(cells);
    }
  }

  /**
   * One number.
   *
   * @param mean a fraction in [0, 1]
   * @param standardError of the mean; absent for a single run
   */
  public record Cell(double mean, OptionalDouble standardError) {

    /** The mean and its error of some runs, at least one. */
    public static Cell of(List<Double> runs) {
      int count = runs.size();
      double mean = runs.stream().mapToDouble(Double::doubleValue).average().orElseThrow();
      if (count == 1) {
        return new Cell(mean, OptionalDouble.empty());
      }
      double squares = runs.stream().mapToDouble(run -> (run - mean) * (run - mean)).sum();
      return new Cell(mean, OptionalDouble.of(Math.sqrt(squares / (count - 1) / count)));
    }

    /** In percent: {@code 35.39} or {@code 35.39 ± 0.41}. */
    @Override
    public String toString() {
      String text = String.format(Locale.ROOT, "%.2f", 100 * mean);
      return standardError.isPresent()
          ? text + String.format(Locale.ROOT, " ± %.2f", 100 * standardError.getAsDouble())
          : text;
    }
  }

  public ResultTable {
    columns = List.copyOf(columns);
    lines = List.copyOf(lines);
    degradedBecause = List.copyOf(degradedBecause);
    notes = List.copyOf(notes);
    for (Line line : lines) {
      if (line.cells().size() != columns.size()) {
        throw new IllegalArgumentException(
            line.head() + " has " + line.cells().size() + " cells for " + columns.size());
      }
    }
  }

  /**
   * The table of one protocol.
   *
   * @param runs metrics of all heads and runs, of one protocol; heads in the order they first come
   * @param columns the metrics to show, in order
   */
  public static ResultTable of(Collection<Metrics> runs, List<String> columns) {
    Map<String, List<Metrics>> byHead = new LinkedHashMap<>();
    Set<String> captions = new LinkedHashSet<>();
    Set<String> reasons = new LinkedHashSet<>();
    List<String> notes = new ArrayList<>();
    for (Metrics metrics : runs) {
      byHead.computeIfAbsent(metrics.head(), head -> new ArrayList<>()).add(metrics);
      captions.add(metrics.caption());
      reasons.addAll(metrics.degradedBecause());
    }
    if (captions.size() != 1) {
      throw new IllegalArgumentException(
          "numbers of different protocols do not stand in one table: " + captions);
    }
    Set<Integer> counts = byHead.values().stream().map(List::size).collect(Collectors.toSet());
    if (counts.stream().anyMatch(count -> count > 1)) {
      notes.add(
          "mean ± standard error of the mean over "
              + counts.stream().sorted().map(String::valueOf).collect(Collectors.joining(" or "))
              + " runs");
    }
    List<Line> lines = new ArrayList<>();
    byHead.forEach(
        (head, metrics) ->
            lines.add(
                new Line(head, columns.stream().map(column -> cell(metrics, column)).toList())));
    return new ResultTable(captions.iterator().next(), columns, lines, List.copyOf(reasons), notes);
  }

  private static Optional<Cell> cell(List<Metrics> runs, String column) {
    List<Double> values =
        runs.stream().map(run -> run.values().get(column)).filter(Objects::nonNull).toList();
    return values.isEmpty() ? Optional.empty() : Optional.of(Cell.of(values));
  }

  /** Whether a cell has the highest mean of its column, alone or not. */
  public boolean best(int line, int column) {
    double highest =
        lines.stream()
            .flatMap(other -> other.cells().get(column).stream())
            .mapToDouble(Cell::mean)
            .max()
            .orElse(Double.NaN);
    return lines.get(line).cells().get(column).map(cell -> cell.mean() == highest).orElse(false);
  }

  /** Aligned text with the best of each column marked by an asterisk. */
  public String terminal() {
    List<List<String>> rows = rows("", " ", "*");
    int[] widths =
        IntStream.rangeClosed(0, columns.size())
            .map(column -> rows.stream().mapToInt(row -> row.get(column).length()).max().orElse(0))
            .toArray();
    StringBuilder text = new StringBuilder(caption).append('\n');
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      line.append(row.get(0)).append(" ".repeat(widths[0] - row.get(0).length()));
      for (int column = 1; column < row.size(); column++) {
        String cell = row.get(column);
        line.append("  ").append(" ".repeat(widths[column] - cell.length())).append(cell);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    below().forEach(note -> text.append("  ").append(note).append('\n'));
    return text.append("  percent; * marks the best of a column\n").toString();
  }

  /** A Markdown table with the best of each column in bold, caption and notes below. */
  public String markdown() {
    StringBuilder text = new StringBuilder();
    List<List<String>> rows = rows("**", "", "**");
    for (int i = 0; i < rows.size(); i++) {
      text.append("| ")
          .append(
              rows.get(i).stream()
                  .map(cell -> cell.replace("|", "\\|"))
                  .collect(Collectors.joining(" | ")))
          .append(" |\n");
      if (i == 0) {
        text.append("|---|").append("---:|".repeat(columns.size())).append('\n');
      }
    }
    text.append("\nPercent. ").append(caption).append(".\n");
    below().forEach(note -> text.append("\n").append(note).append(".\n"));
    return text.toString();
  }

  private List<String> below() {
    return Stream.concat(
            degradedBecause.stream().map(reason -> "degraded: " + reason), notes.stream())
        .toList();
  }

  private List<List<String>> rows(String before, String otherwise, String after) {
    List<List<String>> rows = new ArrayList<>();
    List<String> header = new ArrayList<>(List.of("head"));
    columns.forEach(column -> header.add(column + otherwise));
    rows.add(header);
    for (int line = 0; line < lines.size(); line++) {
      List<String> row = new ArrayList<>(List.of(lines.get(line).head()));
      for (int column = 0; column < columns.size(); column++) {
        String text = lines.get(line).cells().get(column).map(Cell::toString).orElse(ABSENT);
        row.add(best(line, column) ? before + text + after : text + otherwise);
      }
      rows.add(row);
    }
    return rows;
  }
}
