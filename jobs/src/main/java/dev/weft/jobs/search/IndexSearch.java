package dev.weft.jobs.search;

import dev.weft.index.Cells;
import dev.weft.index.Filter;
import dev.weft.index.IndexLayout;
import dev.weft.index.VectorIndex;
import dev.weft.ingest.ImageKey;
import dev.weft.rank.Hit;
import dev.weft.rank.Probe;
import dev.weft.store.Artefact;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.PairFlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;
import scala.Tuple2;

/**
 * Searches an index by tasks: each opens some files of it, of these the cells that some query looks
 * into, and answers all queries from them; the parts are merged into the answer of the whole. Which
 * cells a query looks into depends on the query alone, so the answers do not depend on how files
 * are spread over tasks.
 *
 * <p>Memory of a task: the rows of one file that it looks at.
 */
final class IndexSearch {
  /** Queries that go to the tasks at once: with their answers, tens of megabytes. */
  private static final int ROUND = 4096;

  private IndexSearch() {}

  /**
   * What is searched, and how.
   *
   * @param root of the artefacts
   * @param version of the index
   * @param k answers per query
   * @param probes cells per query
   * @param conditions that candidates meet, none for all images
   */
  record Plan(String root, long version, int k, int probes, List<String> conditions)
      implements Serializable {}

  /**
   * A query as it travels.
   *
   * @param vector D little-endian float32 values
   * @param excluded key of the image that is no answer: data set, category and id, or nothing
   */
  @SuppressWarnings("ArrayRecordComponent") // vectors are multiplied, never compared
  record Asked(byte[] vector, List<String> excluded) implements Serializable {
    Probe probe() {
      Set<ImageKey> keys =
          excluded.isEmpty()
              ? Set.of()
              : Set.of(new ImageKey(excluded.get(0), excluded.get(1), excluded.get(2)));
      return new Probe(VectorBytes.decode(vector), keys, Optional.empty());
    }
  }

  /**
   * Answers all queries.
   *
   * @param files of the index
   * @return zero-based number of a query and its answers, best first; not computed yet
   */
  static JavaPairRDD<Integer, List<Answer>> search(
      JavaSparkContext context, Plan plan, int files, List<Asked> queries) {
    Broadcast<SerializableConfiguration> hadoop =
        context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
    List<Integer> numbers = IntStream.range(0, files).boxed().toList();
    List<JavaPairRDD<Integer, List<Answer>>> rounds = new ArrayList<>();
    for (int from = 0; from < queries.size(); from += ROUND) {
      List<Asked> round =
          new ArrayList<>(queries.subList(from, Math.min(from + ROUND, queries.size())));
      Part part = new Part(context.broadcast(round), from, plan, hadoop);
      rounds.add(
          context
              .parallelize(numbers, files)
              .mapPartitionsToPair(part)
              .reduceByKey((some, others) -> Answer.merge(some, others, plan.k())));
    }
    return rounds.stream().reduce(JavaPairRDD::union).orElseThrow();
  }

  /**
   * What a task does.
   *
   * @param queries of one round
   * @param first number of the first of them
   */
  private record Part(
      Broadcast<List<Asked>> queries,
      int first,
      Plan plan,
      Broadcast<SerializableConfiguration> hadoop)
      implements PairFlatMapFunction<Iterator<Integer>, Integer, List<Answer>> {

    @Override
    public Iterator<Tuple2<Integer, List<Answer>>> call(Iterator<Integer> files) {
      Set<Integer> mine = new TreeSet<>();
      files.forEachRemaining(mine::add);
      if (mine.isEmpty()) {
        return Collections.emptyIterator();
      }
      Snapshot snapshot =
          Artefact.open(hadoop.value().value(), plan.root(), "index")
              .at(plan.version())
              .orElseThrow(() -> IndexedImages.gone(plan.version()));
      List<Probe> probes = queries.value().stream().map(Asked::probe).toList();
      int threads = TaskContext.get().cpus();
      try (VectorIndex index =
          VectorIndex.open(
              hadoop.value().value(), snapshot, scope(snapshot, mine, probes), threads)) {
        return answers(index, probes).iterator();
      }
    }

    private VectorIndex.Scope scope(Snapshot snapshot, Set<Integer> files, List<Probe> probes) {
      Cells cells = IndexLayout.cells(snapshot);
      Optional<Set<Integer>> probed =
          plan.probes() >= cells.count()
              ? Optional.empty()
              : Optional.of(
                  VectorIndex.probed(
                      cells, probes.stream().map(Probe::vector).toList(), plan.probes()));
      return new VectorIndex.Scope(Optional.of(files), probed);
    }

    private List<Tuple2<Integer, List<Answer>>> answers(VectorIndex index, List<Probe> probes) {
      List<List<Hit>> found;
      if (plan.conditions().isEmpty()) {
        found = index.search(probes, plan.k(), plan.probes());
      } else {
        Filter filter = index.filter(plan.conditions());
        found = index.search(probes, plan.k(), filter, plan.probes());
      }
      List<Tuple2<Integer, List<Answer>>> answers = new ArrayList<>(found.size());
      for (List<Hit> hits : found) {
        List<Answer> some =
            hits.stream()
                .map(hit -> answer(index, hit))
                .collect(Collectors.toCollection(ArrayList::new));
        answers.add(new Tuple2<>(first + answers.size(), some));
      }
      return answers;
    }

    private static Answer answer(VectorIndex index, Hit hit) {
      ImageKey key = hit.image();
      return new Answer(
          key.dataset(),
          key.category(),
          key.id(),
          index.location(key).orElseThrow(),
          index.description(key).orElse(""),
          hit.score());
    }
  }
}
