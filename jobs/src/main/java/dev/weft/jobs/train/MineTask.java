package dev.weft.jobs.train;

import dev.weft.ingest.ImageKey;
import dev.weft.jobs.SharedResource;
import dev.weft.jobs.evaluate.TrainedHead;
import dev.weft.rank.ExactSearch;
import dev.weft.rank.Gallery;
import dev.weft.rank.Hit;
import dev.weft.rank.Probe;
import dev.weft.rank.Ranking;
import dev.weft.train.FusionHead;
import dev.weft.train.MineConfig;
import dev.weft.train.TripletTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * What a task does: composes the queries of its blocks and ranks the images of their category, for
 * the rows of the table {@code hard_negatives}.
 *
 * <p>A block is always composed whole, because the order of additions in a matrix product may
 * depend on its size: so the rows do not depend on how blocks are spread over tasks.
 *
 * @param table the training rows, {@link TripletTable#toBytes}
 * @param grounds the categories
 * @param head what composes
 * @param config which images count
 */
record MineTask(
    Broadcast<byte[]> table,
    Broadcast<List<MiningGround>> grounds,
    Broadcast<TrainedHead> head,
    MineConfig config)
    implements FlatMapFunction<Iterator<MineTask.Block>, Row> {
  private static final SharedResource<TripletTable> TABLE = new SharedResource<>(unused -> {});
  private static final SharedResource<Gallery> GALLERY = new SharedResource<>(Gallery::close);

  /** How much deeper the next ranking is where too few images of the last one count. */
  private static final int DEEPER = 4;

  /**
   * Triplets that are composed in one matrix product.
   *
   * @param ground which category
   * @param from first triplet of it
   * @param to one after the last
   */
  record Block(int ground, int from, int to) implements Serializable {}

  /** A triplet in the making. */
  private static final class Query {
    private final String triplet;
    private final float[] vector;
    private final float targetScore;
    private final Set<ImageKey> excluded;
    private List<Hit> found = List.of();

    Query(String triplet, float[] vector, float targetScore, Set<ImageKey> excluded) {
      this.triplet = triplet;
      this.vector = vector;
      this.targetScore = targetScore;
      this.excluded = excluded;
    }

    Probe probe() {
      return new Probe(vector, excluded, Optional.empty());
    }

    Row row(MiningGround ground) {
      return RowFactory.create(
          ground.dataset(),
          ground.category(),
          triplet,
          targetScore,
          found.stream().map(hit -> hit.image().id()).toArray(String[]::new),
          found.stream().map(Hit::score).toArray(Float[]::new));
    }
  }

  @Override
  public Iterator<Row> call(Iterator<Block> blocks) {
    List<Row> rows = new ArrayList<>();
    if (!blocks.hasNext()) {
      return Collections.emptyIterator();
    }
    FusionHead composer = head.value().bundle().head();
    try (SharedResource<TripletTable>.Lease triplets =
        TABLE.lease(table.id(), () -> TripletTable.of(table.value()))) {
      while (blocks.hasNext()) {
        Block block = blocks.next();
        MiningGround ground = grounds.value().get(block.ground());
        try (SharedResource<Gallery>.Lease gallery =
            GALLERY.lease(
                List.of(table.id(), block.ground()), () -> ground.gallery(triplets.value()))) {
          List<Query> queries = queries(block, ground, composer, triplets.value(), gallery.value());
          mine(queries, gallery.value());
          queries.forEach(query -> rows.add(query.row(ground)));
        }
      }
    }
    return rows.iterator();
  }

  private List<Query> queries(
      Block block,
      MiningGround ground,
      FusionHead composer,
      TripletTable triplets,
      Gallery gallery) {
    int[] rows =
        ground.rows().subList(block.from(), block.to()).stream()
            .mapToInt(Integer::intValue)
            .toArray();
    float[][] vectors =
        composer.compose(
            Arrays.stream(rows)
                .mapToObj(row -> triplets.imageVector(triplets.reference(row)))
                .toArray(float[][]::new),
            Arrays.stream(rows)
                .mapToObj(row -> triplets.textVector(triplets.caption(row, 0)))
                .toArray(float[][]::new));
    List<Query> queries = new ArrayList<>();
    for (int i = 0; i < rows.length; i++) {
      ImageKey target = ground.image(triplets.target(rows[i]));
      Set<ImageKey> excluded = new HashSet<>(Set.of(target));
      if (config.excludeReference()) {
        excluded.add(ground.image(triplets.reference(rows[i])));
      }
      float score = ExactSearch.rankAmong(gallery, vectors[i], List.of(target)).get(0).score();
      queries.add(new Query(ground.triplets().get(block.from() + i), vectors[i], score, excluded));
    }
    return queries;
  }

  /** Ranks deeper and deeper until every query has its images or all were looked at. */
  private void mine(List<Query> queries, Gallery gallery) {
    List<Query> open = queries;
    long depth = (long) config.skip() + config.perTriplet();
    while (!open.isEmpty()) {
      int places = (int) Math.min(depth, gallery.size());
      List<Ranking> rankings =
          ExactSearch.rank(gallery, open.stream().map(Query::probe).toList(), places);
      List<Query> unfinished = new ArrayList<>();
      for (int i = 0; i < rankings.size(); i++) {
        Query query = open.get(i);
        query.found = counting(rankings.get(i).hits(), query.targetScore);
        if (query.found.size() < config.perTriplet() && places < rankings.get(i).candidates()) {
          unfinished.add(query);
        }
      }
      open = unfinished;
      depth *= DEEPER;
    }
  }

  private List<Hit> counting(List<Hit> hits, float targetScore) {
    return hits.stream()
        .skip(config.skip())
        .filter(hit -> hit.score() <= targetScore - config.margin())
        .limit(config.perTriplet())
        .toList();
  }
}
