package dev.weft.evaluate;

import dev.weft.evaluate.Comparison.Difference;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A {@link Comparison} as a table, for a page or a terminal. */
public final class ComparisonTable {
  private ComparisonTable() {}

  /** Aligned text, in percent. */
  public static String terminal(Comparison comparison) {
    StringBuilder text = new StringBuilder(comparison.caption()).append('\n');
    List<List<String>> rows = new ArrayList<>();
    rows.add(
        List.of(
            "metric",
            comparison.first(),
            comparison.second(),
            "difference",
            "95 % interval",
            "wins",
            "losses"));
    comparison.differences().forEach(one -> rows.add(cells(one)));
    int[] widths = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int i = 0; i < widths.length; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (int line = 0; line < rows.size(); line++) {
      List<String> row = rows.get(line);
      StringBuilder out = new StringBuilder(row.get(0));
      out.append(" ".repeat(widths[0] - row.get(0).length()));
      for (int i = 1; i < widths.length; i++) {
        out.append("  ").append(" ".repeat(widths[i] - row.get(i).length())).append(row.get(i));
      }
      if (line > 0 && comparison.differences().get(line - 1).certain()) {
        out.append(" *");
      }
      text.append(out).append('\n');
    }
    return text.append("  percent; * where the interval leaves zero out\n").toString();
  }

  private static List<String> cells(Difference one) {
    return List.of(
        one.metric(),
        percent(one.first()),
        percent(one.second()),
        signed(one.value()),
        signed(one.low()) + " to " + signed(one.high()),
        String.format(Locale.ROOT, "%,d", one.wins()),
        String.format(Locale.ROOT, "%,d", one.losses()));
  }

  /**
   * Appends comparisons of one head with others on one protocol to a page: one line each, and every
   * metric below for those who ask.
   */
  static void draw(StringBuilder html, List<Comparison> comparisons) {
    Comparison one = comparisons.get(0);
    Difference headline = headline(one);
    String caption =
        one.second()
            + " compared with each other head, "
            + headline.metric()
            + " on "
            + one.protocol();
    open(html, caption, List.of("compared with", "its value", one.second()));
    for (Comparison comparison : comparisons) {
      row(html, comparison.first(), headline(comparison));
    }
    close(html);
    for (Comparison comparison : comparisons) {
      String title =
          "Every metric: "
              + comparison.second()
              + " compared with "
              + comparison.first()
              + " on "
              + comparison.protocol();
      html.append("<details><summary>").append(ReportPage.escape(title)).append("</summary>\n");
      open(html, title, List.of("metric", comparison.first(), comparison.second()));
      comparison.differences().forEach(difference -> row(html, difference.metric(), difference));
      close(html);
      html.append("</details>\n");
    }
  }

  /** The metric of the family that people ask for first. */
  private static Difference headline(Comparison comparison) {
    return comparison
        .by("R@10")
        .or(() -> comparison.by("mAP@5"))
        .orElseGet(() -> comparison.differences().get(0));
  }

  private static void open(StringBuilder html, String caption, List<String> columns) {
    html.append("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"");
    html.append(ReportPage.escape(caption)).append("\">\n<table>\n<caption><span>");
    html.append(ReportPage.escape(caption)).append("</span></caption>\n<thead><tr>");
    List<String> all = new ArrayList<>(columns);
    all.addAll(List.of("difference", "95 % interval", "wins", "losses"));
    for (String column : all) {
      html.append("<th scope=\"col\">").append(ReportPage.escape(column)).append("</th>");
    }
    html.append("</tr></thead>\n<tbody>\n");
  }

  private static void row(StringBuilder html, String name, Difference difference) {
    html.append("<tr><th scope=\"row\">").append(ReportPage.escape(name)).append("</th>");
    List<String> cells = cells(difference);
    for (int i = 1; i < cells.size(); i++) {
      html.append(i == 3 && difference.certain() ? "<td class=\"certain\">" : "<td>");
      html.append(cells.get(i)).append("</td>");
    }
    html.append("</tr>\n");
  }

  private static void close(StringBuilder html) {
    html.append("</tbody>\n</table>\n</div>\n");
  }

  private static String percent(double value) {
    return String.format(Locale.ROOT, "%.2f", 100 * value);
  }

  private static String signed(double value) {
    return String.format(Locale.ROOT, "%+.2f", 100 * value + 0.0);
  }
}
