package dev.weft.jobs.evaluate;

import dev.weft.config.Binder;
import dev.weft.evaluate.EvaluateConfig;
import dev.weft.evaluate.Protocol;
import dev.weft.ingest.ImageKey;
import dev.weft.jobs.SharedResource;
import dev.weft.rank.ExactSearch;
import dev.weft.rank.Gallery;
import dev.weft.rank.Probe;
import dev.weft.rank.Ranking;
import dev.weft.store.VectorBytes;
import dev.weft.train.FusionHead;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;

/**
 * What a task does: composes the queries of its blocks by every head, ranks all candidates for each
 * and gives the rows of the table {@code rankings}.
 *
 * <p>A block is always composed whole, because the order of additions in a matrix product may
 * depend on its size: so the rows do not depend on how blocks are spread over tasks.
 *
 * @param candidates what is ranked
 * @param heads what composes, in order
 * @param plan how
 */
record RankTask(
    Broadcast<CandidateVectors> candidates, Broadcast<List<TrainedHead>> heads, Plan plan)
    implements FlatMapFunction<Iterator<List<Question>>, Row> {
  private static final SharedResource<Gallery> GALLERY = new SharedResource<>(Gallery::close);

  /**
   * How queries are ranked.
   *
   * @param protocol name of the protocol
   * @param referenceRemoved whether the reference is no candidate
   * @param baselines queries of one part only
   * @param depth length of a ranking
   */
  record Plan(
      String protocol, boolean referenceRemoved, List<EvaluateConfig.Baseline> baselines, int depth)
      implements Serializable {

    static Plan of(Protocol protocol, EvaluateConfig config) {
      return new Plan(
          protocol.name(), protocol.referenceRemoved(), config.baselines(), config.depth());
    }
  }

  @Override
  public Iterator<Row> call(Iterator<List<Question>> blocks) {
    List<Row> rows = new ArrayList<>();
    try (SharedResource<Gallery>.Lease gallery =
        GALLERY.lease(candidates.id(), () -> candidates.value().gallery())) {
      Map<String, FusionHead> composers = new LinkedHashMap<>();
      heads.value().forEach(head -> composers.put(head.name(), head.bundle().head()));
      while (blocks.hasNext()) {
        List<Question> block = blocks.next();
        queries(composers, block)
            .forEach((head, vectors) -> rank(gallery.value(), head, block, vectors, rows));
      }
    }
    return rows.iterator();
  }

  /** The query vectors of each head and baseline, {@code [B, D]}. */
  private Map<String, float[][]> queries(Map<String, FusionHead> composers, List<Question> block) {
    float[][] images =
        block.stream().map(row -> VectorBytes.decode(row.image())).toArray(float[][]::new);
    float[][] words =
        block.stream().map(row -> VectorBytes.decode(row.words())).toArray(float[][]::new);
    Map<String, float[][]> queries = new LinkedHashMap<>();
    composers.forEach((name, head) -> queries.put(name, head.compose(images, words)));
    for (EvaluateConfig.Baseline baseline : plan.baselines()) {
      queries.put(
          Binder.kebab(baseline),
          switch (baseline) {
            case IMAGE -> images;
            case TEXT -> words;
          });
    }
    return queries;
  }

  private void rank(
      Gallery gallery, String head, List<Question> block, float[][] vectors, List<Row> rows) {
    List<Probe> probes = new ArrayList<>(vectors.length);
    for (int i = 0; i < vectors.length; i++) {
      Question question = block.get(i);
      Set<ImageKey> excluded =
          plan.referenceRemoved() ? Set.of(key(question.reference())) : Set.of();
      probes.add(
          new Probe(
              vectors[i], excluded, question.groundTruths().stream().findFirst().map(this::key)));
    }
    List<Ranking> rankings = ExactSearch.rank(gallery, probes, plan.depth());
    for (int i = 0; i < vectors.length; i++) {
      Question question = block.get(i);
      List<ImageKey> subset =
          question.subset().stream().map(this::key).filter(gallery::contains).toList();
      RankingRow row =
          new RankingRow(
              head,
              plan.protocol(),
              candidates.value().dataset(),
              candidates.value().category(),
              question,
              rankings.get(i),
              ExactSearch.rankAmong(gallery, vectors[i], subset));
      rows.add(row.row());
    }
  }

  private ImageKey key(String id) {
    return candidates.value().key(id);
  }
}
