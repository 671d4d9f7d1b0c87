package dev.weft.evaluate;

import com.google.errorprone.annotations.FormatMethod;
import dev.weft.evaluate.Report.Curve;
import dev.weft.evaluate.Report.Curves;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.LongStream;

/** Draws curves over epochs as one SVG, with the same numbers as a table for those who read. */
final class CurveChart {
  private static final int WIDTH = 420;
  private static final int HEIGHT = 210;
  private static final int LEFT = 44;
  private static final int RIGHT = 78;
  private static final int TOP = 10;
  private static final int BOTTOM = 30;
  private static final int LINES = 4;
  private static final int COLOURS = 6;
  private static final int NAME_HEIGHT = 13;

  private final StringBuilder html;
  private final Curves curves;
  private final int longest;
  private final Scale scale;

  private CurveChart(StringBuilder html, Curves curves) {
    this.html = html;
    this.curves = curves;
    this.longest =
        curves.curves().stream().mapToInt(one -> one.values().lastKey() + 1).max().orElse(0);
    this.scale =
        Scale.of(
            curves.curves().stream()
                .flatMap(one -> one.values().values().stream())
                .mapToDouble(Double::doubleValue)
                .summaryStatistics());
  }

  /**
   * The values that have a line and a label: round ones, each with another label.
   *
   * @param step from one to the next: 1, 2 or 5 times a power of ten
   * @param first the lowest, in steps
   * @param last the highest, in steps
   */
  private record Scale(BigDecimal step, long first, long last) {
    /** Of a value, the smallest step between labels: it leaves them few enough digits. */
    private static final double FINEST = 1e-4;

    private static final double ROUNDING = 1e-6;

    static Scale of(DoubleSummaryStatistics values) {
      double low = values.getCount() == 0 ? 0 : values.getMin();
      double high = values.getCount() == 0 ? 1 : values.getMax();
      double size = Math.max(Math.abs(low), Math.abs(high));
      double least = size == 0 ? 1 : size * FINEST;
      BigDecimal step = round(Math.max((high - low) / LINES, least));
      long first = (long) Math.floor(low / step.doubleValue() + ROUNDING);
      long last = (long) Math.ceil(high / step.doubleValue() - ROUNDING);
      return new Scale(step, first, Math.max(last, first + 1));
    }

    /** The next 1, 2 or 5 times a power of ten. */
    private static BigDecimal round(double least) {
      int power = (int) Math.floor(Math.log10(least));
      double digit = least / Math.pow(10, power);
      long round = digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10;
      return BigDecimal.valueOf(round).scaleByPowerOfTen(power).stripTrailingZeros();
    }

    double lowest() {
      return first * step.doubleValue();
    }

    double highest() {
      return last * step.doubleValue();
    }

    List<BigDecimal> labels() {
      return LongStream.rangeClosed(first, last)
          .mapToObj(steps -> step.multiply(BigDecimal.valueOf(steps)))
          .toList();
    }
  }

  /** Appends the figure. */
  static void draw(StringBuilder html, Curves curves) {
    new CurveChart(html, curves).draw();
  }

  private void draw() {
    html.append("<figure class=\"chart\"><figcaption>").append(ReportPage.escape(curves.title()));
    html.append("</figcaption>\n<svg role=\"img\" viewBox=\"0 0 ").append(WIDTH).append(' ');
    html.append(HEIGHT).append("\" aria-label=\"").append(ReportPage.escape(spoken()));
    html.append("\">\n");
    for (BigDecimal label : scale.labels()) {
      double value = label.doubleValue();
      tag(
          "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>",
          LEFT, WIDTH - RIGHT, y(value), y(value));
      tag(
          "<text class=\"axis\" text-anchor=\"end\" x=\"%d\" y=\"%.1f\">%s</text>",
          LEFT - 6, y(value) + 4, label.toPlainString());
    }
    tag("<text class=\"axis\" x=\"%d\" y=\"%d\">epoch 1</text>", LEFT, HEIGHT - 8);
    tag(
        "<text class=\"axis\" text-anchor=\"end\" x=\"%d\" y=\"%d\">%d</text>",
        WIDTH - RIGHT, HEIGHT - 8, longest);
    double[] places = places();
    for (int i = 0; i < curves.curves().size(); i++) {
      Curve curve = curves.curves().get(i);
      StringBuilder path = new StringBuilder();
      for (Map.Entry<Integer, Double> point : curve.values().entrySet()) {
        path.append(
            String.format(
                Locale.ROOT,
                "%s%.1f %.1f",
                path.isEmpty() ? "M" : "L",
                x(point.getKey()),
                y(point.getValue())));
      }
      tag("<path class=\"curve c%d\" d=\"%s\"/>", i % COLOURS, path);
      tag(
          "<text class=\"name c%d\" x=\"%d\" y=\"%.1f\">%s</text>",
          i % COLOURS, WIDTH - RIGHT + 6, places[i] + 4, ReportPage.escape(curve.name()));
    }
    html.append("</svg>\n");
    table();
    html.append("</figure>\n");
  }

  /** Heights of the names at the right ends of their curves, moved apart where they would meet. */
  private double[] places() {
    List<Curve> all = curves.curves();
    double[] places = new double[all.size()];
    Integer[] order = new Integer[places.length];
    for (int i = 0; i < places.length; i++) {
      places[i] = y(last(all.get(i)));
      order[i] = i;
    }
    Arrays.sort(order, (a, b) -> Double.compare(places[a], places[b]));
    for (int i = 1; i < order.length; i++) {
      places[order[i]] = Math.max(places[order[i]], places[order[i - 1]] + NAME_HEIGHT);
    }
    return places;
  }

  private static double last(Curve curve) {
    return curve.values().get(curve.values().lastKey());
  }

  private String spoken() {
    StringBuilder words = new StringBuilder(curves.title());
    for (Curve curve : curves.curves()) {
      words.append(
          String.format(
              Locale.ROOT,
              "; %s from %s to %s in %d epochs",
              curve.name(),
              number(curve.values().get(curve.values().firstKey())),
              number(last(curve)),
              curve.values().lastKey() + 1));
    }
    return words.toString();
  }

  private void table() {
    html.append("<details><summary>As a table</summary><div class=\"scroll\" tabindex=\"0\"");
    html.append(" role=\"region\" aria-label=\"").append(ReportPage.escape(curves.title()));
    html.append("\"><table><thead><tr><th scope=\"col\">epoch</th>");
    curves
        .curves()
        .forEach(
            curve ->
                html.append("<th scope=\"col\">")
                    .append(ReportPage.escape(curve.name()))
                    .append("</th>"));
    html.append("</tr></thead>\n<tbody>\n");
    for (int epoch = 0; epoch < longest; epoch++) {
      html.append("<tr><th scope=\"row\">").append(epoch + 1).append("</th>");
      for (Curve curve : curves.curves()) {
        Double value = curve.values().get(epoch);
        html.append("<td>").append(value == null ? "" : number(value)).append("</td>");
      }
      html.append("</tr>\n");
    }
    html.append("</tbody></table></div></details>\n");
  }

  private double x(int epoch) {
    return LEFT + (WIDTH - LEFT - RIGHT) * (longest == 1 ? 0.5 : epoch / (longest - 1.0));
  }

  private double y(double value) {
    return TOP
        + (HEIGHT - TOP - BOTTOM) * (scale.highest() - value) / (scale.highest() - scale.lowest());
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, Math.abs(value) >= 10 ? "%.1f" : "%.3f", value);
  }

  @FormatMethod
  private void tag(String format, Object... arguments) {
    html.append(String.format(Locale.ROOT, format, arguments)).append('\n');
  }
}
