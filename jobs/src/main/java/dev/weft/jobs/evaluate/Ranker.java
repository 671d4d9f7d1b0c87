package dev.weft.jobs.evaluate;

import dev.weft.evaluate.EvaluateConfig;
import dev.weft.evaluate.Protocol;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.store.Table;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;

/**
 * Ranks queries on the cluster: the candidates of a category go to every JVM once, its queries are
 * spread over the tasks. What it ranked stays in memory or on the disks of the executors until
 * {@link #close}.
 */
final class Ranker implements AutoCloseable {
  private final SparkSession spark;
  private final JavaSparkContext context;
  private final Embeddings embeddings;
  private final int width;
  private final Spread spread;
  private final Broadcast<List<TrainedHead>> heads;
  private final List<Broadcast<?>> broadcasts = new ArrayList<>();
  private final List<Dataset<Row>> cached = new ArrayList<>();

  /**
   * How queries are spread.
   *
   * @param block queries composed in one matrix product, at least 1
   * @param tasks at most this many at once, at least 1; no row depends on it
   */
  record Spread(int block, int tasks) {}

  Ranker(
      SparkSession spark,
      Embeddings embeddings,
      int width,
      List<TrainedHead> heads,
      Spread spread) {
    this.spark = spark;
    this.context = new JavaSparkContext(spark.sparkContext());
    this.embeddings = embeddings;
    this.width = width;
    this.spread = spread;
    this.heads = context.broadcast(List.copyOf(heads));
    broadcasts.add(this.heads);
  }

  /**
   * Ranks one category.
   *
   * @return rows of the table {@code rankings}, computed already
   */
  Dataset<Row> rank(Protocol protocol, QuerySet.Category category, EvaluateConfig config) {
    Prepared prepared = prepare(context, embeddings, protocol, category, width, spread);
    broadcasts.add(prepared.candidates());
    String where = where(protocol, category);
    JavaRDD<Row> rows = prepared.rank(context, heads, RankTask.Plan.of(protocol, config));
    Dataset<Row> rankings =
        spark
            .createDataFrame(rows, Table.RANKINGS.schema().asNullable())
            .persist(StorageLevel.MEMORY_AND_DISK());
    cached.add(rankings);
    spark.sparkContext().setJobDescription("rank " + where);
    rankings.count();
    spark.sparkContext().setJobDescription(null);
    return rankings;
  }

  /**
   * A category that is ready to be ranked, by any heads.
   *
   * @param candidates what is ranked, on its way to every JVM
   * @param blocks the queries, composed a block at a time
   * @param tasks at most this many at once
   */
  record Prepared(Broadcast<CandidateVectors> candidates, List<List<Question>> blocks, int tasks) {

    /** The rankings, not computed yet. */
    JavaRDD<Row> rank(
        JavaSparkContext context, Broadcast<List<TrainedHead>> heads, RankTask.Plan plan) {
      return context
          .parallelize(blocks, Math.min(tasks, blocks.size()))
          .mapPartitions(new RankTask(candidates, heads, plan));
    }
  }

  /** Fetches the vectors of a category. */
  static Prepared prepare(
      JavaSparkContext context,
      Embeddings embeddings,
      Protocol protocol,
      QuerySet.Category category,
      int width,
      Spread spread) {
    String where = where(protocol, category);
    Set<String> texts = new LinkedHashSet<>();
    Set<String> images = new LinkedHashSet<>(category.gallery());
    for (Triplet triplet : category.queries()) {
      texts.addAll(Question.texts(triplet, protocol));
      images.add(triplet.reference());
    }
    context.sc().setJobDescription("fetch the vectors of " + where);
    Map<String, byte[]> textVectors = embeddings.texts(texts, where);
    Map<String, byte[]> imageVectors =
        embeddings.images(protocol.dataset(), category.name(), images);

    List<Question> questions =
        category.queries().stream()
            .map(triplet -> Question.of(protocol, triplet, imageVectors, textVectors))
            .toList();
    Broadcast<CandidateVectors> candidates =
        context.broadcast(
            new CandidateVectors(
                protocol.dataset(),
                category.name(),
                width,
                among(imageVectors, category.gallery())));
    context.sc().setJobDescription(null);
    return new Prepared(candidates, blocks(questions, spread.block()), spread.tasks());
  }

  private static String where(Protocol protocol, QuerySet.Category category) {
    return category.name().isEmpty()
        ? protocol.dataset()
        : protocol.dataset() + "/" + category.name();
  }

  private static Map<String, byte[]> among(Map<String, byte[]> vectors, Collection<String> ids) {
    Map<String, byte[]> chosen = new HashMap<>();
    ids.forEach(id -> chosen.put(id, vectors.get(id)));
    return chosen;
  }

  private static List<List<Question>> blocks(List<Question> questions, int block) {
    List<List<Question>> blocks = new ArrayList<>();
    for (int from = 0; from < questions.size(); from += block) {
      int to = Math.min(from + block, questions.size());
      blocks.add(new ArrayList<>(questions.subList(from, to))); // a view would not travel
    }
    return blocks;
  }

  @Override
  public void close() {
    cached.forEach(Dataset::unpersist);
    broadcasts.forEach(Broadcast::destroy);
  }
}
