package dev.weft.jobs.evaluate;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.evaluate.Family;
import dev.weft.evaluate.Metrics;
import dev.weft.evaluate.ResultTable;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The metrics of all heads by all protocols of a run.
 *
 * @param metrics by protocol in the order of the configuration, then by head: the fusion heads as
 *     configured, then the baselines
 */
record Scores(List<Metrics> metrics) {
  private static final String FILE = "metrics.json";
  private static final JsonMapper JSON = new JsonMapper();

  Scores {
    metrics = List.copyOf(metrics);
  }

  /** Reads what {@link #json} gave. */
  static Scores read(Snapshot evaluate) {
    try {
      return new Scores(JSON.readValue(evaluate.read(FILE), new TypeReference<List<Metrics>>() {}));
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.INPUT_MISSING,
          "Cannot read %s of evaluate version %d: %s. It was written by another version of Weft:"
              + " run evaluate again with --force.",
          FILE,
          evaluate.version(),
          e.getMessage());
    }
  }

  /** Name of the file in the snapshot. */
  static String file() {
    return FILE;
  }

  /** Everything, as the snapshot keeps it. */
  byte[] json() {
    try {
      return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(metrics);
    } catch (IOException e) {
      throw new UncheckedIOException("metrics are plain values", e);
    }
  }

  /** Names of the protocols, in order. */
  List<String> protocols() {
    return metrics.stream().map(Metrics::protocol).distinct().toList();
  }

  /** The metrics of one protocol. */
  List<Metrics> by(String protocol) {
    return metrics.stream().filter(one -> one.protocol().equals(protocol)).toList();
  }

  /** The best of some heads by the first protocol; the earlier of equals. */
  String best(Set<String> heads) {
    Metrics best = null;
    for (Metrics candidate : by(protocols().get(0))) {
      if (heads.contains(candidate.head())
          && (best == null || candidate.selectionScore() > best.selectionScore())) {
        best = candidate;
      }
    }
    if (best == null) {
      throw new IllegalArgumentException("none of " + heads + " was scored");
    }
    return best.head();
  }

  /**
   * Head to metric to value, under the names of the {@code RESULT} line. The first protocol of each
   * family has the family's own names; a later one has the name of its data set before them, or of
   * the whole protocol where that data set came before.
   */
  Map<String, Map<String, Double>> named() {
    Map<String, Map<String, Double>> named = new LinkedHashMap<>();
    Set<Family> families = EnumSet.noneOf(Family.class);
    Set<String> prefixes = new LinkedHashSet<>();
    for (String protocol : protocols()) {
      List<Metrics> scored = by(protocol);
      String dataset = protocol.substring(0, protocol.indexOf('/'));
      String prefix = "";
      if (!families.add(scored.get(0).family())) {
        prefix = prefixes.add(dataset) ? dataset + "/" : protocol + "/";
      }
      prefixes.add(dataset);
      for (Metrics head : scored) {
        Map<String, Double> values =
            named.computeIfAbsent(head.head(), name -> new LinkedHashMap<>());
        for (Map.Entry<String, Double> value : head.published().entrySet()) {
          if (values.putIfAbsent(prefix + value.getKey(), value.getValue()) != null) {
            throw new WeftException(
                ExitCode.CONFIG,
                "Cannot name the metrics of the data set '%s': there is a %s%s already. Give it"
                    + " another name in ingest.datasets.",
                dataset,
                prefix,
                value.getKey());
          }
        }
      }
    }
    return named;
  }

  /** Why numbers do not compare to published ones, each with its protocol. */
  List<String> degraded() {
    Set<String> reasons = new LinkedHashSet<>();
    for (Metrics one : metrics) {
      one.degradedBecause().forEach(reason -> reasons.add(one.protocol() + ": " + reason));
    }
    return List.copyOf(reasons);
  }

  /** One table per protocol with every metric. */
  List<ResultTable> tables() {
    return protocols().stream()
        .map(this::by)
        .map(scored -> ResultTable.of(scored, List.copyOf(scored.get(0).values().keySet())))
        .toList();
  }

  /** The tables as lines for a terminal: the headline metrics only. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (String protocol : protocols()) {
      List<Metrics> scored = by(protocol);
      List<String> columns =
          scored.get(0).values().keySet().stream()
              .filter(name -> !name.contains("/") || name.endsWith("/R@10"))
              .collect(Collectors.toList());
      lines.add("");
      ResultTable.of(scored, columns).terminal().lines().forEach(lines::add);
    }
    return lines;
  }
}
