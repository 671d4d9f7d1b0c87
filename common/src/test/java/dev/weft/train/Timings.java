package dev.weft.train;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;

/**
 * What the rounds of a benchmark took, in seconds, one number per round.
 *
 * @param ours a step
 * @param products the matrix products of a step alone
 * @param theirs the step of the peer; empty without one
 * @param peer version of the peer; empty without one
 */
record Timings(List<Double> ours, List<Double> products, List<Double> theirs, String peer) {

  /** Median and quartiles. */
  record Spread(double lower, double median, double upper) {
    static Spread of(List<Double> values) {
      List<Double> sorted = values.stream().sorted().toList();
      return new Spread(at(sorted, 0.25), at(sorted, 0.5), at(sorted, 0.75));
    }

    private static double at(List<Double> sorted, double share) {
      double place = share * (sorted.size() - 1);
      int below = (int) place;
      int above = Math.min(sorted.size() - 1, below + 1);
      return sorted.get(below) + (place - below) * (sorted.get(above) - sorted.get(below));
    }

    String text(String format, double factor) {
      return String.format(
          Locale.ROOT,
          format + " [" + format + ", " + format + "]",
          median * factor,
          lower * factor,
          upper * factor);
    }
  }

  private static Spread quotient(List<Double> over, List<Double> under) {
    return Spread.of(
        IntStream.range(0, over.size()).mapToObj(i -> over.get(i) / under.get(i)).toList());
  }

  private Spread share() {
    return quotient(products, ours);
  }

  private Spread ratio() {
    return quotient(theirs, ours);
  }

  private double ceiling(StepCase step) {
    return step.operations() / Spread.of(products).median() / 1e9;
  }

  /** A line of the table. */
  String line(StepCase step) {
    Spread seconds = Spread.of(ours);
    boolean alone = theirs.isEmpty();
    return String.format(
        Locale.ROOT,
        "| %s | %s | %,.0f | %.0f | %s | %s | %s |%n",
        step.label(),
        seconds.text("%.0f", 1000),
        step.batch() / seconds.median(),
        ceiling(step),
        share().text("%.2f", 1),
        alone ? "" : Spread.of(theirs).text("%.0f", 1000),
        alone ? "" : ratio().text("%.2f", 1));
  }

  ObjectNode json(StepCase step) {
    ObjectNode json = new JsonMapper().createObjectNode();
    json.put("milliseconds", 1000 * Spread.of(ours).median());
    json.put("tripletsPerSecond", step.batch() / Spread.of(ours).median());
    json.put("sgemmGflops", ceiling(step));
    json.put("sgemmShare", share().median());
    if (!theirs.isEmpty()) {
      json.put("peerMilliseconds", 1000 * Spread.of(theirs).median());
      json.put("timesPeer", ratio().median());
    }
    return json;
  }

  /** The targets that were not reached, each in words. */
  List<String> missed(StepCase step) {
    List<String> missed = new ArrayList<>();
    if (!theirs.isEmpty() && ratio().median() < step.leastRatio()) {
      missed.add(step.label() + ": below " + step.leastRatio() + " of PyTorch");
    }
    if (share().median() < step.leastShare()) {
      missed.add(step.label() + ": sgemm would take less than " + step.leastShare() + " of it");
    }
    return missed;
  }
}
