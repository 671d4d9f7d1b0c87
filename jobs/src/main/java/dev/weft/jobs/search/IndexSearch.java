package dev.weft.jobs.search;

import dev.weft.ingest.ImageKey;
import dev.weft.rank.ExactSearch;
import dev.weft.rank.Gallery;
import dev.weft.rank.Hit;
import dev.weft.rank.Probe;
import dev.weft.rank.Ranking;
import dev.weft.store.VectorBytes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import scala.Tuple2;

/**
 * Exact search: each task ranks the images of its files for all queries, and the parts are merged
 * into the answer of the whole. The answers do not depend on how files are spread over tasks.
 */
final class IndexSearch {
  /** Queries that go to the tasks at once: with their answers, tens of megabytes. */
  private static final int ROUND = 4096;

  private IndexSearch() {}

  /**
   * Ranks all images for all queries.
   *
   * @param images rows of the table {@code index}
   * @param width D
   * @param vectors queries, D little-endian float32 values each
   * @param k answers per query
   * @return zero-based number of a query and its answers, best first; not computed yet
   */
  static JavaPairRDD<Integer, List<Answer>> search(
      Dataset<Row> images, int width, List<byte[]> vectors, int k) {
    JavaSparkContext context = new JavaSparkContext(images.sparkSession().sparkContext());
    List<JavaPairRDD<Integer, List<Answer>>> rounds = new ArrayList<>();
    for (int from = 0; from < vectors.size(); from += ROUND) {
      List<byte[]> round =
          new ArrayList<>(vectors.subList(from, Math.min(from + ROUND, vectors.size())));
      Part part = new Part(context.broadcast(round), from, width, k);
      rounds.add(
          images
              .toJavaRDD()
              .mapPartitionsToPair(part)
              .reduceByKey((some, others) -> Answer.merge(some, others, k)));
    }
    return rounds.stream().reduce(JavaPairRDD::union).orElseThrow();
  }

  /**
   * What a task does: ranks its part of the index.
   *
   * @param queries vectors of one round
   * @param first number of the first of them
   * @param width D
   * @param k answers per query
   */
  private record Part(Broadcast<List<byte[]>> queries, int first, int width, int k)
      implements PairFlatMapFunction<Iterator<Row>, Integer, List<Answer>> {

    @Override
    public Iterator<Tuple2<Integer, List<Answer>>> call(Iterator<Row> rows) {
      if (!rows.hasNext()) {
        return Collections.emptyIterator();
      }
      Gallery.Builder builder = Gallery.builder(width);
      Map<ImageKey, Answer> images = new HashMap<>();
      while (rows.hasNext()) {
        Row row = rows.next();
        Answer image = Answer.of(row, 0);
        builder.add(image.key(), row.<byte[]>getAs("vector"));
        images.put(image.key(), image);
      }
      List<Probe> probes =
          queries.value().stream().map(VectorBytes::decode).map(Probe::of).toList();
      List<Tuple2<Integer, List<Answer>>> answers = new ArrayList<>(probes.size());
      try (Gallery gallery = builder.build()) {
        for (Ranking ranking : ExactSearch.rank(gallery, probes, k)) {
          List<Answer> found = new ArrayList<>();
          for (Hit hit : ranking.hits()) {
            found.add(images.get(hit.image()).scored(hit.score()));
          }
          answers.add(new Tuple2<>(first + answers.size(), found));
        }
      }
      return answers.iterator();
    }
  }
}
