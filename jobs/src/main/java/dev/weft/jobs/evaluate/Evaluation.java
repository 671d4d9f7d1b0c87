package dev.weft.jobs.evaluate;

import dev.weft.config.Binder;
import dev.weft.evaluate.EvaluateConfig;
import dev.weft.evaluate.Metrics;
import dev.weft.evaluate.RankedQuery;
import dev.weft.evaluate.ReportPage;
import dev.weft.index.EncodedWith;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.Session;
import dev.weft.jobs.store.Table;
import dev.weft.store.Attempt;
import dev.weft.store.Snapshot;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
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
      Map<QuerySet, Dataset<Row>> rankings = new LinkedHashMap<>();
      for (QuerySet set : sets) {
        Dataset<Row> rows =
            set.categories().stream()
                .map(category -> ranker.rank(set.protocol(), category, settings()))
                .reduce(Dataset::union)
                .orElseThrow();
        ranked.add(rows);
        rankings.put(set, rows);
        metrics.addAll(score(set, rows, trained));
      }
      spark.sparkContext().setJobDescription("write the rankings");
      Table.RANKINGS.write(
          ranked.stream().reduce(Dataset::union).orElseThrow().coalesce(partitions), attempt);
      spark.sparkContext().setJobDescription(null);
      Scores scores = new Scores(metrics);
      String best = scores.best(names(trained));
      attempt.write(Scores.file(), scores.json());
      EvaluationPage page = new EvaluationPage(session, ingest, encode);
      attempt.write(
          EvaluateJob.REPORT,
          ReportPage.html(page.report(scores, best, rankings)).getBytes(StandardCharsets.UTF_8));
      return figures(scores, best, vectors);
    }
  }

  private EvaluateConfig settings() {
    return session.config().evaluate();
  }

  private static Set<String> names(List<TrainedHead> heads) {
    Set<String> names = new LinkedHashSet<>();
    heads.forEach(head -> names.add(head.name()));
    return names;
  }

  /** The metrics of every head and baseline; one head's rankings at a time come to the driver. */
  private List<Metrics> score(QuerySet set, Dataset<Row> rows, List<TrainedHead> trained) {
    Set<String> names = names(trained);
    settings().baselines().forEach(baseline -> names.add(Binder.kebab(baseline)));
    Map<String, Integer> galleries = new HashMap<>();
    Map<List<String>, Triplet> triplets = new HashMap<>();
    Map<List<String>, Integer> candidates = new HashMap<>();
    for (QuerySet.Category category : set.categories()) {
      if (!category.gallery().isEmpty()) {
        galleries.put(category.name(), category.gallery().size());
      }
      Set<String> gallery = Set.copyOf(category.gallery());
      for (Triplet triplet : category.queries()) {
        boolean removed =
            set.protocol().referenceRemoved() && gallery.contains(triplet.reference());
        List<String> key = List.of(triplet.category(), triplet.id());
        triplets.put(key, triplet);
        candidates.put(key, gallery.size() - (removed ? 1 : 0));
      }
    }
    List<Metrics> metrics = new ArrayList<>();
    for (String name : names) {
      List<RankedQuery> queries = new ArrayList<>();
      for (Row row : rows.where(functions.col("head").equalTo(name)).collectAsList()) {
        List<String> key = List.of(row.getAs("category"), row.getAs("query"));
        queries.add(RankingRow.scored(row, triplets.get(key), candidates.get(key)));
      }
      metrics.add(
          Metrics.of(
              set.protocol(),
              name,
              queries,
              galleries,
              settings().cutoffs(),
              set.degradedBecause()));
    }
    return metrics;
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
