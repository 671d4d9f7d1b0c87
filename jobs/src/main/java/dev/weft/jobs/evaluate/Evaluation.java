package dev.weft.jobs.evaluate;

import dev.weft.config.Binder;
import dev.weft.evaluate.EvaluateConfig;
import dev.weft.evaluate.Metrics;
import dev.weft.evaluate.Outcomes;
import dev.weft.evaluate.Outcomes.Outcome;
import dev.weft.evaluate.Outcomes.Query;
import dev.weft.evaluate.Prediction;
import dev.weft.evaluate.Protocol;
import dev.weft.evaluate.RankedQuery;
import dev.weft.evaluate.ReportPage;
import dev.weft.evaluate.Submission;
import dev.weft.index.EncodedWith;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.Session;
import dev.weft.jobs.store.Table;
import dev.weft.store.Attempt;
import dev.weft.store.Snapshot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * One evaluation: ranks, scores, and writes rankings, metrics and the page into an attempt.
 *
 * @param session what to work with
 * @param ingest triplets and galleries
 * @param encode vectors
 * @param heads snapshots of the fusion heads, in order
 */
record Evaluation(Session session, Snapshot ingest, Snapshot encode, List<Snapshot> heads) {
  private static final int BLOCK = 128;

  /** Does all of it and gives the figures. */
  Map<String, Object> write(Attempt attempt) {
    List<TrainedHead> trained = heads.stream().map(TrainedHead::read).toList();
    EncodedWith vectors = Embeddings.encodedWith(encode);
    EncodedWith.requireSame(
        Stream.concat(Stream.of(vectors), trained.stream().map(TrainedHead::encodedWith)).toList());
    SparkSession spark = session.spark();
    List<QuerySet> sets = QuerySet.read(spark, ingest, session.config());
    int partitions = spark.sparkContext().defaultParallelism();
    try (Ranker ranker =
        new Ranker(
            spark,
            new Embeddings(spark, encode),
            vectors.width(),
            trained,
            new Ranker.Spread(BLOCK, partitions))) {
      List<Dataset<Row>> ranked = new ArrayList<>();
      List<Metrics> metrics = new ArrayList<>();
      List<Outcomes> outcomes = new ArrayList<>();
      for (QuerySet set : sets) {
        Dataset<Row> rows =
            set.categories().stream()
                .map(category -> ranker.rank(set.protocol(), category, settings()))
                .reduce(Dataset::union)
                .orElseThrow();
        ranked.add(rows);
        if (!set.scored()) {
          names(trained)
              .forEach(head -> attempt.write(predictionsFile(set, head), predictions(rows, head)));
          continue;
        }
        Answered answered = answered(set, rows, trained);
        metrics.addAll(answered.metrics());
        outcomes.add(answered.outcomes());
      }
      spark.sparkContext().setJobDescription("write the rankings");
      Table.RANKINGS.write(
          ranked.stream().reduce(Dataset::union).orElseThrow().coalesce(partitions), attempt);
      spark.sparkContext().setJobDescription(null);
      Scores scores = new Scores(metrics);
      String best = scores.best(names(trained));
      attempt.write(Scores.file(), scores.json());
      attempt.write(EvaluatedRun.OUTCOMES, EvaluatedRun.json(outcomes));
      attempt.write(EvaluatedRun.SETTINGS, EvaluatedRun.json(EvaluatedRun.settings(session)));
      session.progress().say("drawing the page");
      EvaluationPage page = new EvaluationPage(session, ingest, encode, heads);
      attempt.write(
          EvaluateJob.REPORT,
          ReportPage.html(page.report(scores, best, outcomes)).getBytes(StandardCharsets.UTF_8));
      return figures(scores, best, vectors);
    }
  }

  private static String predictionsFile(QuerySet set, String head) {
    return EvaluatedRun.predictionsFile(set.protocol().name(), head);
  }

  /** Rankings without published answers, as predictions to be exported for a server. */
  private static byte[] predictions(Dataset<Row> rows, String head) {
    return Submission.lines(
        rows.where(functions.col("head").equalTo(head)).collectAsList().stream()
            .map(
                row ->
                    new Prediction(
                        row.getAs("category"),
                        row.getAs("query"),
                        RankingRow.texts(row, "ranking"),
                        RankingRow.texts(row, "subset_ranking"),
                        false,
                        "the rankings"))
            .sorted(Comparator.comparing(Prediction::category).thenComparing(Prediction::query))
            .toList());
  }

  private EvaluateConfig settings() {
    return session.config().evaluate();
  }

  private static Set<String> names(List<TrainedHead> heads) {
    Set<String> names = new LinkedHashSet<>();
    heads.forEach(head -> names.add(head.name()));
    return names;
  }

  private record Answered(List<Metrics> metrics, Outcomes outcomes) {}

  /** What every head and baseline reached; one's rankings at a time come to the driver. */
  private Answered answered(QuerySet set, Dataset<Row> rows, List<TrainedHead> trained) {
    Set<String> names = names(trained);
    settings().baselines().forEach(baseline -> names.add(Binder.kebab(baseline)));
    Map<List<String>, QuerySet.Asked> asked = set.asked();
    List<Metrics> metrics = new ArrayList<>();
    Map<String, List<Outcome>> heads = new LinkedHashMap<>();
    for (String name : names) {
      List<Row> answers = rows.where(functions.col("head").equalTo(name)).collectAsList();
      List<RankedQuery> queries = set.ranked(answers);
      Map<List<String>, Outcome> outcomes = new HashMap<>();
      for (int i = 0; i < answers.size(); i++) {
        Row row = answers.get(i);
        outcomes.put(
            QuerySet.key(row),
            Outcome.of(
                set.protocol().family(),
                queries.get(i),
                row.getList(row.fieldIndex("scores")),
                settings().answers()));
      }
      metrics.add(set.score(name, queries, settings().cutoffs()));
      heads.put(name, asked.keySet().stream().map(outcomes::get).toList());
    }
    List<Query> queries = asked.values().stream().map(one -> query(set.protocol(), one)).toList();
    return new Answered(
        metrics, Outcomes.of(metrics.get(0), set.protocol().dataset(), queries, heads));
  }

  private static Query query(Protocol protocol, QuerySet.Asked asked) {
    Triplet triplet = asked.triplet();
    return new Query(
        triplet.category(),
        triplet.id(),
        triplet.reference(),
        Question.texts(triplet, protocol).get(0),
        triplet.groundTruths(),
        triplet.aspects(),
        asked.candidates());
  }

  private static Map<String, Object> figures(Scores scores, String best, EncodedWith vectors) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("metrics", scores.named());
    figures.put("best_head", best);
    figures.put("protocols", scores.protocols());
    if (!scores.degraded().isEmpty()) {
      figures.put("degraded", scores.degraded());
    }
    figures.put("encoder", vectors.encoder());
    return figures;
  }
}
