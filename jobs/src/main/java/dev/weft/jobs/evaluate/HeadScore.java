package dev.weft.jobs.evaluate;

import dev.weft.config.ConfigException;
import dev.weft.evaluate.EvaluateConfig;
import dev.weft.evaluate.Metrics;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.Session;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import dev.weft.train.HeadBundle;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * Scores states of a head while it is trained, exactly as evaluate would: the queries and
 * candidates go to the workers once, each state then costs one short Spark job per category.
 */
public final class HeadScore implements AutoCloseable {
  private static final int BLOCK = 128;

  private final SparkSession spark;
  private final JavaSparkContext context;
  private final EvaluateConfig config;
  private final String metric;
  private final Map<QuerySet, List<Ranker.Prepared>> sets = new LinkedHashMap<>();

  private HeadScore(Session session, Snapshot encode, List<QuerySet> sets) {
    this.spark = session.spark();
    this.context = new JavaSparkContext(spark.sparkContext());
    this.config = session.config().evaluate();
    this.metric = session.config().train().validation().metric();
    Embeddings embeddings = new Embeddings(spark, encode);
    int width = Embeddings.encodedWith(encode).width();
    Ranker.Spread spread = new Ranker.Spread(BLOCK, context.defaultParallelism());
    for (QuerySet set : sets) {
      this.sets.put(
          set,
          set.categories().stream()
              .map(
                  category ->
                      Ranker.prepare(context, embeddings, set.protocol(), category, width, spread))
              .toList());
    }
  }

  /** Scores by the split val of the first data set that has one. */
  public static HeadScore onVal(Session session, Snapshot ingest, Snapshot encode) {
    return new HeadScore(
        session, encode, List.of(QuerySet.first(session.spark(), ingest, session.config(), "val")));
  }

  /**
   * Scores by training triplets that were set apart.
   *
   * @param triplets at least one, each with a target
   */
  public static HeadScore onHoldOut(Session session, Snapshot encode, List<Triplet> triplets) {
    Map<String, List<Triplet>> byDataset =
        triplets.stream()
            .collect(Collectors.groupingBy(Triplet::dataset, TreeMap::new, Collectors.toList()));
    return new HeadScore(
        session,
        encode,
        byDataset.entrySet().stream()
            .map(entry -> QuerySet.heldOut(entry.getKey(), entry.getValue()))
            .toList());
  }

  /** The settings beside {@code train.validation} that a score on val depends on. */
  public static Map<String, Object> settings(Session session) {
    return Map.of(
        "cohort", session.config().evaluate().cohort(),
        "captionForms", session.config().evaluate().captionForms(),
        "datasets", QuerySet.settings(session.config()));
  }

  /** The names of the protocols. */
  public String protocols() {
    return sets.keySet().stream()
        .map(set -> set.protocol().name())
        .collect(Collectors.joining(", "));
  }

  /** The name of the metric. */
  public String metric() {
    return metric.isEmpty() ? "selection score" : metric;
  }

  /**
   * Scores a head.
   *
   * @return a fraction in [0, 1], the mean over the data sets
   */
  public double score(HeadBundle head) {
    List<TrainedHead> heads = List.of(new TrainedHead("state", "the run", head.files()));
    Broadcast<List<TrainedHead>> sent = context.broadcast(heads);
    try {
      return sets.entrySet().stream()
          .mapToDouble(set -> score(set.getKey(), set.getValue(), sent))
          .average()
          .orElseThrow();
    } finally {
      sent.destroy();
    }
  }

  private double score(
      QuerySet set, List<Ranker.Prepared> categories, Broadcast<List<TrainedHead>> heads) {
    RankTask.Plan plan =
        new RankTask.Plan(
            set.protocol().name(), set.protocol().referenceRemoved(), List.of(), config.depth());
    List<Row> rows = new ArrayList<>();
    context.sc().setJobDescription("validate by " + set.protocol());
    try {
      for (Ranker.Prepared category : categories) {
        rows.addAll(
            spark
                .createDataFrame(
                    category.rank(context, heads, plan), Table.RANKINGS.schema().asNullable())
                .collectAsList());
      }
    } finally {
      context.sc().setJobDescription(null);
    }
    Metrics metrics = set.score("state", set.ranked(rows), config.cutoffs());
    if (metric.isEmpty()) {
      return metrics.selectionScore();
    }
    Double value = metrics.values().get(metric);
    if (value == null) {
      throw new ConfigException(
          "the configuration",
          List.of(
              new ConfigException.Problem(
                  "train.validation.metric",
                  "must be one of the metrics of "
                      + set.protocol()
                      + " ("
                      + String.join(", ", metrics.values().keySet())
                      + ") or '', found '"
                      + metric
                      + "'")));
    }
    return value;
  }

  @Override
  public void close() {
    sets.values().stream()
        .flatMap(List::stream)
        .forEach(category -> category.candidates().destroy());
  }
}
