package dev.weft.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weft.evaluate.Report.Curve;
import dev.weft.evaluate.Report.Curves;
import java.util.List;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CurveChartTest {
  private static final Pattern LABEL =
      Pattern.compile("text-anchor=\"end\" x=\"38\" y=\"([0-9.-]+)\">([^<]+)<");
  private static final Pattern POINT = Pattern.compile("[ML][0-9.]+ ([0-9.-]+)");

  private static String chart(double... values) {
    TreeMap<Integer, Double> points = new TreeMap<>();
    for (double value : values) {
      points.put(points.size(), value);
    }
    StringBuilder html = new StringBuilder();
    CurveChart.draw(html, new Curves("loss", List.of(new Curve("gated", points))));
    return html.toString();
  }

  private static List<MatchResult> labels(String html) {
    return LABEL.matcher(html).results().toList();
  }

  @ParameterizedTest
  @CsvSource({
    "0.5, 0.5",
    "0.50001, 0.50003",
    "0.4998, 0.5003",
    "0, 0",
    "0, 1",
    "12.31, 12.36",
    "-3, 250",
    "0.9999, 1",
    "3e-9, 5e-9",
    "1e6, 1e6"
  })
  void eachLineOfTheAxisHasALabelOfItsOwnAndTheCurveLiesBetweenThem(double one, double other) {
    String html = chart(one, other, one);

    List<MatchResult> labels = labels(html);
    assertThat(labels).hasSizeBetween(2, 6);
    assertThat(labels).extracting(label -> label.group(2)).doesNotHaveDuplicates();
    double lowest = Double.parseDouble(labels.get(0).group(2));
    double highest = Double.parseDouble(labels.get(labels.size() - 1).group(2));
    assertThat(lowest).isLessThanOrEqualTo(Math.min(one, other));
    assertThat(highest).isGreaterThanOrEqualTo(Math.max(one, other));
    assertThat(POINT.matcher(html).results())
        .allSatisfy(point -> assertThat(Double.parseDouble(point.group(1))).isBetween(10.0, 180.0));
  }

  @Test
  void labelsAreRoundNumbers() {
    assertThat(labels(chart(0.4998, 0.5003)))
        .extracting(label -> label.group(2))
        .containsExactly("0.4998", "0.5000", "0.5002", "0.5004");
    assertThat(labels(chart(0, 37)))
        .extracting(label -> label.group(2))
        .containsExactly("0", "10", "20", "30", "40");
  }
}
