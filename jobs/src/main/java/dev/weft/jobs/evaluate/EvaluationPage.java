package dev.weft.jobs.evaluate;

import dev.weft.evaluate.Report;
import dev.weft.evaluate.Report.Answer;
import dev.weft.evaluate.Report.Example;
import dev.weft.evaluate.Report.Fact;
import dev.weft.evaluate.Report.Picture;
import dev.weft.evaluate.Report.Section;
import dev.weft.evaluate.Report.Verdict;
import dev.weft.ingest.ImageKey;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.Session;
import dev.weft.jobs.store.Table;
import dev.weft.rank.Hit;
import dev.weft.store.Snapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * The page of an evaluation: the results of every head, and queries with the answers of the best.
 *
 * @param session what to work with
 * @param ingest where images are described and lie
 * @param encode whose vectors were ranked
 */
record EvaluationPage(Session session, Snapshot ingest, Snapshot encode) {

  /**
   * Fills the page.
   *
   * @param best the head whose answers are shown
   * @param rankings the rows of the table {@code rankings} of each set
   */
  Report report(Scores scores, String best, Map<QuerySet, Dataset<Row>> rankings) {
    List<Section> sections = new ArrayList<>();
    sections.add(new Report.Results("Results", scores.tables()));
    if (session.config().evaluate().examples() > 0) {
      rankings.forEach((set, rows) -> sections.add(examples(best, set, rows)));
    }
    sections.add(
        new Report.Facts(
            "How it was made",
            "",
            List.of(
                new Fact("protocols", String.join(", ", scores.protocols())),
                new Fact("ranking", "exact: every candidate is compared with every query"),
                new Fact("ties", Hit.TIE_RULE),
                new Fact("best head", best + ", on " + scores.protocols().get(0)),
                new Fact("encoder", String.valueOf(encode.manifest().facts().get("encoder"))),
                new Fact("seed", String.valueOf(session.config().seed())))));
    String data =
        rankings.keySet().stream()
            .map(set -> set.protocol().dataset())
            .distinct()
            .collect(Collectors.joining(", "));
    return new Report(
        "Composed image retrieval: " + data,
        "Find the image that matches a reference image and a sentence that changes it. Each head"
            + " composes the two in its own way; the best here is "
            + best
            + ". The baselines image and text use one part of the query alone.",
        sections);
  }

  private Section examples(String best, QuerySet set, Dataset<Row> rankings) {
    List<Triplet> chosen = spread(set.queries(), session.config().evaluate().examples());
    Map<ImageKey, Row> rows = new HashMap<>(); // by category and query
    Set<ImageKey> shown = new LinkedHashSet<>();
    Dataset<Row> wanted =
        rankings.where(
            functions
                .col("head")
                .equalTo(best)
                .and(functions.col("query").isin(chosen.stream().map(Triplet::id).toArray())));
    Set<ImageKey> queries = new HashSet<>();
    chosen.forEach(triplet -> queries.add(query(triplet)));
    for (Row row : wanted.collectAsList()) {
      ImageKey query = key(row, row.getAs("query"));
      if (queries.contains(query)) {
        rows.put(query, row);
        shown.add(key(row, row.getAs("reference")));
        answers(row).forEach(id -> shown.add(key(row, id)));
      }
    }
    Map<ImageKey, Picture> pictures = pictures(set.protocol().dataset(), shown);
    List<Example> examples = new ArrayList<>();
    for (Triplet triplet : chosen) {
      examples.add(example(triplet, rows.get(query(triplet)), pictures, set));
    }
    return new Report.Examples(
        "Answers of " + best + " on " + set.protocol().name(),
        String.format(
            Locale.ROOT,
            "%d of %,d queries, evenly spaced; right answers are marked.",
            examples.size(),
            set.queries().size()),
        examples);
  }

  /** Evenly spaced elements, so that every category has its share. */
  private static List<Triplet> spread(List<Triplet> triplets, int count) {
    int shown = Math.min(count, triplets.size());
    List<Triplet> chosen = new ArrayList<>();
    for (int i = 0; i < shown; i++) {
      chosen.add(triplets.get((int) ((2L * i + 1) * triplets.size() / (2L * shown))));
    }
    return chosen;
  }

  private Example example(Triplet triplet, Row row, Map<ImageKey, Picture> pictures, QuerySet set) {
    Set<String> right = new HashSet<>(triplet.groundTruths());
    List<Float> scores = row.getList(row.fieldIndex("scores"));
    List<Answer> answers = new ArrayList<>();
    for (String id : answers(row)) {
      answers.add(
          new Answer(
              pictures.get(key(row, id)),
              scores.get(answers.size()),
              right.contains(id) ? Verdict.RIGHT : Verdict.WRONG));
    }
    QuerySet.Category category =
        set.categories().stream()
            .filter(one -> one.name().equals(triplet.category()))
            .findFirst()
            .orElseThrow();
    boolean removed =
        set.protocol().referenceRemoved() && category.gallery().contains(triplet.reference());
    return new Example(
        (triplet.category().isEmpty() ? "query " : triplet.category() + ", query ") + triplet.id(),
        Optional.of(pictures.get(key(row, triplet.reference()))),
        row.getAs("text"),
        answers,
        RankingRow.targetRank(row),
        category.gallery().size() - (removed ? 1 : 0));
  }

  private List<String> answers(Row row) {
    List<String> ranking = RankingRow.texts(row, "ranking");
    return ranking.subList(0, Math.min(session.config().evaluate().answers(), ranking.size()));
  }

  private Map<ImageKey, Picture> pictures(String dataset, Set<ImageKey> images) {
    Pictures files = new Pictures(session.hadoop(), session.config().ingest().imageLimits());
    Map<ImageKey, Picture> pictures = new HashMap<>();
    Dataset<Row> rows =
        Table.IMAGES
            .read(session.spark(), ingest)
            .where(
                functions
                    .col("dataset")
                    .equalTo(dataset)
                    .and(functions.col("id").isin(images.stream().map(ImageKey::id).toArray())))
            .select("dataset", "category", "id", "location", "description");
    for (Row row : rows.collectAsList()) {
      ImageKey key = key(row, row.getAs("id"));
      if (images.contains(key)) {
        pictures.put(
            key,
            files.of(
                key.id(),
                Optional.ofNullable(row.getAs("description")),
                String.valueOf(row.<String>getAs("location"))));
      }
    }
    images.forEach(key -> pictures.putIfAbsent(key, Picture.absent(key.id(), key.id())));
    return pictures;
  }

  private static ImageKey query(Triplet triplet) {
    return new ImageKey(triplet.dataset(), triplet.category(), triplet.id());
  }

  private static ImageKey key(Row row, String id) {
    return new ImageKey(row.getAs("dataset"), row.getAs("category"), id);
  }
}
