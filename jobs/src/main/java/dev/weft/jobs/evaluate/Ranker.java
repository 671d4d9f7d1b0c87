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
  /** Queries composed in one matrix product. */
  private static final int BLOCK = 128;

  private final SparkSession spark;
  private final JavaSparkContext context;
  private final Embeddings embeddings;
  private final int width;
  private final Broadcast<List<TrainedHead>> heads;
  private final List<Broadcast<?>> broadcasts = new ArrayList<>();
  private final List<Dataset<Row>> cached = new ArrayList<>();

  Ranker(SparkSession spark, Embeddings embeddings, int width, List<TrainedHead> heads) {
    this.spark = spark;
    this.context = new JavaSparkContext(spark.sparkContext());
    this.embeddings = embeddings;
    this.width = width;
    this.heads = context.broadcast(List.copyOf(heads));
    broadcasts.add(this.heads);
  }

  /**
   * Ranks one category.
   *
   * @param partitions tasks, at least 1; the rows do not depend on it
   * @return rows of the table {@code rankings}, computed already
   */
  Dataset<Row> rank(
      Protocol protocol, QuerySet.Category category, EvaluateConfig config, int partitions) {
    String where =
        category.name().isEmpty() ? protocol.dataset() : protocol.dataset() + "/" + category.name();
    Set<String> texts = new LinkedHashSet<>();
    Set<String> images = new LinkedHashSet<>(category.gallery());
    for (Triplet triplet : category.queries()) {
      texts.add(Question.text(triplet));
      images.add(triplet.reference());
    }
    spark.sparkContext().setJobDescription("fetch the vectors of " + where);
    Map<String, byte[]> textVectors = embeddings.texts(texts, where);
    Map<String, byte[]> imageVectors =
        embeddings.images(protocol.dataset(), category.name(), images);

    List<Question> questions =
        category.queries().stream()
            .map(triplet -> Question.of(triplet, imageVectors, textVectors))
            .toList();
    Broadcast<CandidateVectors> candidates =
        context.broadcast(
            new CandidateVectors(
                protocol.dataset(),
                category.name(),
                width,
                among(imageVectors, category.gallery())));
    broadcasts.add(candidates);
    List<List<Question>> blocks = blocks(questions);
    JavaRDD<Row> rows =
        context
            .parallelize(blocks, Math.min(partitions, blocks.size()))
            .mapPartitions(new RankTask(candidates, heads, RankTask.Plan.of(protocol, config)));
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

  private static Map<String, byte[]> among(Map<String, byte[]> vectors, Collection<String> ids) {
    Map<String, byte[]> chosen = new HashMap<>();
    ids.forEach(id -> chosen.put(id, vectors.get(id)));
    return chosen;
  }

  private static List<List<Question>> blocks(List<Question> questions) {
    List<List<Question>> blocks = new ArrayList<>();
    for (int from = 0; from < questions.size(); from += BLOCK) {
      int to = Math.min(from + BLOCK, questions.size());
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
