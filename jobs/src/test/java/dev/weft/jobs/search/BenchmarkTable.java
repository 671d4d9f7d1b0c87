package dev.weft.jobs.search;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What the searches of a benchmark measured, ours beside FAISS's.
 *
 * @param medians of the rounds, by {@code who/case}
 */
record BenchmarkTable(Map<String, Double> medians) {
  private static final String MARK = "MEASURE ";
  private static final JsonMapper JSON = new JsonMapper();

  /** The line by which a program says what it measured. */
  static String line(String name, double value) throws IOException {
    return MARK + JSON.writeValueAsString(Map.of("who", "weft", "case", name, "value", value));
  }

  /** Of all such lines of a log; other lines are passed over. */
  static BenchmarkTable of(Path log) throws IOException {
    Map<String, List<Double>> values = new LinkedHashMap<>();
    for (String line : Files.readAllLines(log)) {
      if (line.startsWith(MARK)) {
        JsonNode one = JSON.readTree(line.substring(MARK.length()));
        String name = one.get("who").asText() + "/" + one.get("case").asText();
        values.computeIfAbsent(name, any -> new ArrayList<>()).add(one.get("value").asDouble());
      }
    }
    Map<String, Double> medians = new LinkedHashMap<>();
    values.forEach(
        (name, some) -> {
          Collections.sort(some);
          medians.put(name, some.get(some.size() / 2));
        });
    return new BenchmarkTable(medians);
  }

  /** The table as Markdown. */
  String markdown() {
    long rows = Math.round(require("weft/rows"));
    String all = String.format(Locale.ROOT, "%,d x 512", rows);
    List<String> lines = new ArrayList<>();
    lines.add("| | Weft | FAISS | ratio | target |");
    lines.add("|---|---:|---:|---:|---:|");
    lines.add(
        row("exact, 123,403 x 512, top 50, queries/s", "exact-123403", "exact-123403", ">= 1"));
    lines.add(row("exact, " + all + ", batch 64, queries/s", "exact-all", "exact-all", ">= 1"));
    for (String kind : List.of("flat", "sq8")) {
      lines.add(
          row(
              "IVF" + recalls(kind) + ", queries/s, against IVF-" + kind(kind),
              "ivf",
              "ivf-" + kind,
              ">= 1"));
    }
    lines.add(pair("IVF against our own exact search, queries/s", "ivf", "exact-all", ">= 10"));
    lines.add(
        row("IVF built: trained, assigned, all files written, s", "build", "build-flat", "<= 1.5"));
    lines.add(alone("opened from Parquet to the first answer, s", "open", "< 5"));
    lines.add(alone("memory / vectors", "memory", "< 1.3"));
    lines.add(alone("vectors left in the files: memory / vectors", "codes-memory", "about 1/4"));
    lines.add(alone("vectors left in the files: opened, s", "codes-open", "< 5"));
    lines.add(row("vectors left in the files: IVF, queries/s", "codes-ivf", "ivf-sq8", ""));
    return String.join("\n", lines) + "\n";
  }

  private static String kind(String kind) {
    return kind.equals("flat") ? "Flat" : "SQ8";
  }

  /** At which recall, by how many cells: on both sides. */
  private String recalls(String kind) {
    String text =
        String.format(
            Locale.ROOT,
            ", recall@10 %.3f by %.0f cells",
            require("weft/ivf-recall"),
            require("weft/ivf-probes"));
    Double other = medians.get("faiss/ivf-" + kind + "-recall");
    return other == null
        ? text
        : text
            + String.format(
                Locale.ROOT,
                " (FAISS %.3f by %.0f)",
                other,
                require("faiss/ivf-" + kind + "-probes"));
  }

  private String row(String label, String ours, String theirs, String target) {
    return line(label, require("weft/" + ours), medians.get("faiss/" + theirs), target);
  }

  private String pair(String label, String one, String other, String target) {
    double ratio = require("weft/" + one) / require("weft/" + other);
    return "| "
        + label
        + " | "
        + number(require("weft/" + one))
        + " | | "
        + ratio(ratio)
        + " | "
        + target
        + " |";
  }

  private String alone(String label, String ours, String target) {
    return line(label, require("weft/" + ours), null, target);
  }

  private static String line(String label, double weft, Double faiss, String target) {
    String ratio = faiss == null ? "" : ratio(weft / faiss);
    String theirs = faiss == null ? "" : number(faiss);
    return "| " + String.join(" | ", label, number(weft), theirs, ratio, target) + " |";
  }

  private double require(String name) {
    Double value = medians.get(name);
    if (value == null) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot write the table: the log has no measure of %s. Run scripts/bench search from the"
              + " beginning.",
          name);
    }
    return value;
  }

  private static String ratio(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }

  private static String number(double value) {
    if (value >= 1000) {
      return String.format(Locale.ROOT, "%,.0f", value);
    }
    return String.format(Locale.ROOT, value >= 100 ? "%.0f" : value >= 10 ? "%.1f" : "%.2f", value);
  }
}
