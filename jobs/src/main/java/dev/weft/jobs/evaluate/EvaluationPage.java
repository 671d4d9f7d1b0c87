package dev.weft.jobs.evaluate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.weft.evaluate.Comparison;
import dev.weft.evaluate.Comparison.Bootstrap;
import dev.weft.evaluate.Comparison.Side;
import dev.weft.evaluate.EvaluateConfig;
import dev.weft.evaluate.Outcomes;
import dev.weft.evaluate.Report;
import dev.weft.evaluate.Report.Curve;
import dev.weft.evaluate.Report.Curves;
import dev.weft.evaluate.Report.Fact;
import dev.weft.evaluate.Report.QuerySet;
import dev.weft.evaluate.Report.Section;
import dev.weft.jobs.Session;
import dev.weft.rank.Hit;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The page of an evaluation: the results of every head, how the heads learned, how sure the
 * differences are, and a gallery of queries.
 *
 * @param session what to work with
 * @param ingest where images are described and lie
 * @param encode whose vectors were ranked
 * @param heads snapshots of the fusion heads
 */
record EvaluationPage(Session session, Snapshot ingest, Snapshot encode, List<Snapshot> heads) {
  private static final String HISTORY = "history.json";
  private static final String VALIDATION = "validation.json";
  private static final Map<String, String> TITLES =
      Map.of(
          "loss", "Training loss, nats",
          "logit-scale", "Logit scale, 1 / temperature",
          "score", "Validation score");

  /**
   * Fills the page.
   *
   * @param best the head that the others are compared with
   * @param outcomes what every head answered, by protocol
   */
  Report report(Scores scores, String best, List<Outcomes> outcomes) {
    List<Section> sections = new ArrayList<>();
    sections.add(new Report.Results("Results", scores.tables()));
    sections.add(comparisons(best, outcomes));
    List<Curves> charts = charts();
    if (!charts.isEmpty()) {
      sections.add(
          new Report.Learning(
              "Learning curves",
              "By epoch; the validation score where there was one (train.validation).",
              charts));
    }
    if (settings().examples() > 0) {
      sections.add(gallery(best, outcomes));
    }
    sections.add(facts(scores, best));
    String data =
        outcomes.stream().map(Outcomes::dataset).distinct().collect(Collectors.joining(", "));
    return new Report(
        "Composed image retrieval: " + data,
        "Find the image that matches a reference image and a sentence that changes it. Each head"
            + " composes the two in its own way; the best here is "
            + best
            + ". The baselines image and text use one part of the query alone.",
        sections);
  }

  private EvaluateConfig settings() {
    return session.config().evaluate();
  }

  private Section comparisons(String best, List<Outcomes> outcomes) {
    Bootstrap bootstrap = new Bootstrap(settings().resamples(), session.config().seed());
    List<Comparison> comparisons = new ArrayList<>();
    for (Outcomes one : outcomes) {
      for (String head : one.heads().keySet()) {
        if (!head.equals(best)) {
          comparisons.add(
              Comparison.of(
                  new Side(one, head), new Side(one, best), settings().cutoffs(), bootstrap));
        }
      }
    }
    return new Report.Comparisons(
        "Is " + best + " better?",
        String.format(
            Locale.ROOT,
            "Paired bootstrap over the queries, %,d resamples, seed %d; bold where the interval"
                + " leaves zero out. It says how much other queries of the same kind could change"
                + " the difference, and nothing of other training seeds. Wins and losses count"
                + " queries.",
            bootstrap.resamples(),
            bootstrap.seed()),
        comparisons);
  }

  /** A chart for each number that the histories and validations of the heads hold. */
  private List<Curves> charts() {
    Map<String, List<Curve>> byNumber = new LinkedHashMap<>();
    for (Snapshot head : heads) {
      String name = head.artefact().name().substring(head.artefact().name().indexOf('/') + 1);
      curves(head)
          .forEach(
              (number, values) ->
                  byNumber
                      .computeIfAbsent(number, key -> new ArrayList<>())
                      .add(new Curve(name, values)));
    }
    List<Curves> charts = new ArrayList<>();
    byNumber.forEach(
        (number, curves) -> charts.add(new Curves(TITLES.getOrDefault(number, number), curves)));
    return charts;
  }

  /** What a head's files tell of its epochs: the name of a number to its values. */
  private static Map<String, SortedMap<Integer, Double>> curves(Snapshot head) {
    Map<String, SortedMap<Integer, Double>> curves = new LinkedHashMap<>();
    for (String file : List.of(HISTORY, VALIDATION)) {
      boolean there = head.manifest().files().stream().anyMatch(entry -> entry.name().equals(file));
      for (JsonNode epoch : there ? read(head, file) : JsonNodeFactory.instance.arrayNode()) {
        epoch
            .properties()
            .forEach(
                field -> {
                  if (field.getValue().isNumber() && !field.getKey().equals("epoch")) {
                    curves
                        .computeIfAbsent(field.getKey(), key -> new TreeMap<>())
                        .put(epoch.get("epoch").asInt(), field.getValue().asDouble());
                  }
                });
      }
    }
    return curves;
  }

  private static JsonNode read(Snapshot head, String file) {
    try {
      return new JsonMapper().readTree(head.read(file));
    } catch (IOException e) {
      throw new IllegalStateException(head.path() + " has a " + file + " that is no JSON", e);
    }
  }

  private Section gallery(String best, List<Outcomes> outcomes) {
    List<QuerySet> sets = new ArrayList<>();
    int shown = 0;
    int all = 0;
    for (Outcomes one : outcomes) {
      List<Integer> places = spread(one.queries().size(), settings().examples());
      sets.add(new QuerySet(one, best, other(best, one), places));
      shown += places.size();
      all += one.queries().size();
    }
    return new Report.Gallery(
        "Queries",
        String.format(
            Locale.ROOT,
            "%,d of %,d queries with the first %d answers of each head; right answers are marked."
                + " The scores are cosine similarities. A query counts as found where its target is"
                + " in the first 10; of a protocol with several right answers to a query, where any"
                + " of them is in the first 50.",
            shown,
            all,
            settings().answers()),
        sets,
        new GalleryPictures(session, ingest).of(sets));
  }

  /** The head to compare the best one with at first: the first of the others. */
  private static String other(String best, Outcomes outcomes) {
    return outcomes.heads().keySet().stream()
        .filter(head -> !head.equals(best))
        .findFirst()
        .orElse(best);
  }

  /** Evenly spaced places, so that every category has its share. */
  private static List<Integer> spread(int size, int count) {
    int shown = Math.min(count, size);
    List<Integer> chosen = new ArrayList<>();
    for (int i = 0; i < shown; i++) {
      chosen.add((int) ((2L * i + 1) * size / (2L * shown)));
    }
    return chosen;
  }

  private Section facts(Scores scores, String best) {
    return new Report.Facts(
        "How it was made",
        "",
        List.of(
            new Fact("protocols", String.join(", ", scores.protocols())),
            new Fact("ranking", "exact: every candidate is compared with every query"),
            new Fact("ties", Hit.TIE_RULE),
            new Fact("best head", best + ", on " + scores.protocols().get(0)),
            new Fact("encoder", String.valueOf(encode.manifest().facts().get("encoder"))),
            new Fact("seed", String.valueOf(session.config().seed()))));
  }
}
