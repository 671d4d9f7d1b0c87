package dev.weft.jobs.index;

import dev.weft.encode.CaptionForm;
import dev.weft.encode.QueryText;
import dev.weft.ingest.ImageKey;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.Session;
import dev.weft.jobs.evaluate.TrainedHead;
import dev.weft.jobs.ingest.TripletRows;
import dev.weft.jobs.store.Table;
import dev.weft.rank.ExactSearch;
import dev.weft.rank.Gallery;
import dev.weft.rank.Hit;
import dev.weft.rank.Probe;
import dev.weft.rank.Ranking;
import dev.weft.store.Snapshot;
import dev.weft.store.VectorBytes;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import scala.Tuple2;

/**
 * The queries that the recall of an index is measured on: validation triplets, composed by the head
 * that the index names; where there are none, the texts that were encoded.
 *
 * @param vectors of the queries
 * @param source what they are, for the manifest
 */
record RecallQueries(List<float[]> vectors, String source) {
  /** Rows ranked at once by a task. */
  private static final int BLOCK = 16_384;

  /** Finds at most {@code limit} queries, always the same ones. */
  static RecallQueries find(
      Session session, Snapshot ingest, Snapshot encode, String head, int limit) {
    SparkSession spark = session.spark();
    List<Triplet> triplets =
        Table.TRIPLETS
            .read(spark, ingest)
            .where("split = 'val'")
            .orderBy(hashed("dataset", "category", "id"))
            .limit(limit)
            .collectAsList()
            .stream()
            .map(TripletRows::triplet)
            .toList();
    Map<String, float[]> texts =
        fetch(spark, Table.TEXT_EMBEDDINGS.read(spark, encode), "text", texts(triplets));
    Map<String, float[]> images =
        fetch(
            spark,
            Table.IMAGE_EMBEDDINGS
                .read(spark, encode)
                .withColumn("key", functions.concat_ws("/", key("dataset", "category", "id"))),
            "key",
            triplets.stream().map(RecallQueries::reference).toList());
    List<float[]> left = new ArrayList<>();
    List<float[]> right = new ArrayList<>();
    for (Triplet triplet : triplets) {
      float[] image = images.get(reference(triplet));
      float[] text = texts.get(text(triplet));
      if (image != null && text != null) {
        left.add(image);
        right.add(text);
      }
    }
    if (!left.isEmpty() && session.artefact("train/" + head).latest().isPresent()) {
      float[][] composed =
          TrainedHead.read(TrainedHead.require(session, head))
              .bundle()
              .head()
              .compose(left.toArray(float[][]::new), right.toArray(float[][]::new));
      return new RecallQueries(List.of(composed), "validation triplets composed by " + head);
    }
    List<float[]> some = new ArrayList<>();
    Table.TEXT_EMBEDDINGS
        .read(spark, encode)
        .orderBy(hashed("text"))
        .limit(limit)
        .collectAsList()
        .forEach(row -> some.add(VectorBytes.decode(row.<byte[]>getAs("vector"))));
    return new RecallQueries(some, "encoded texts");
  }

  private static Column[] key(String... names) {
    Column[] columns = new Column[names.length];
    for (int i = 0; i < names.length; i++) {
      columns[i] = functions.col(names[i]);
    }
    return columns;
  }

  /** A random order that is the same each time. */
  private static Column[] hashed(String... names) {
    List<Column> order = new ArrayList<>(List.of(functions.xxhash64(key(names))));
    Collections.addAll(order, key(names));
    return order.toArray(Column[]::new);
  }

  private static String reference(Triplet triplet) {
    return String.join("/", triplet.dataset(), triplet.category(), triplet.reference());
  }

  private static String text(Triplet triplet) {
    return QueryText.of(triplet.captions(), CaptionForm.FIRST_AND_SECOND);
  }

  private static List<String> texts(List<Triplet> triplets) {
    return triplets.stream().map(RecallQueries::text).toList();
  }

  private static Map<String, float[]> fetch(
      SparkSession spark, Dataset<Row> table, String key, List<String> wanted) {
    Set<String> distinct = new TreeSet<>(wanted);
    Dataset<Row> keys = spark.createDataset(List.copyOf(distinct), Encoders.STRING()).toDF(key);
    Map<String, float[]> vectors = new HashMap<>();
    for (Row row :
        table.select(key, "vector").join(keys, new String[] {key}, "left_semi").collectAsList()) {
      vectors.put(row.getAs(key), VectorBytes.decode(row.<byte[]>getAs("vector")));
    }
    return vectors;
  }

  /**
   * A true neighbour and its cell.
   *
   * @param score of the query
   */
  private record Neighbour(String dataset, String category, String id, float score, int cell)
      implements Serializable {
    Hit hit() {
      return new Hit(new ImageKey(dataset, category, id), score);
    }
  }

  /** The cells of the true {@code k} nearest of every query, by a scan of all rows. */
  List<int[]> neighbourCells(
      JavaPairRDD<IndexBuild.Place, Row> placed, Broadcast<List<byte[]>> queries, int k) {
    Map<Integer, List<Neighbour>> found =
        placed
            .mapPartitionsToPair(rows -> nearest(rows, queries.value(), k))
            .reduceByKey((one, other) -> merge(one, other, k))
            .collectAsMap();
    List<int[]> cells = new ArrayList<>();
    for (int query = 0; query < vectors.size(); query++) {
      cells.add(found.getOrDefault(query, List.of()).stream().mapToInt(Neighbour::cell).toArray());
    }
    return cells;
  }

  private static Iterator<Tuple2<Integer, List<Neighbour>>> nearest(
      Iterator<Tuple2<IndexBuild.Place, Row>> rows, List<byte[]> queries, int k) {
    List<Probe> probes = queries.stream().map(VectorBytes::decode).map(Probe::of).toList();
    List<List<Neighbour>> best = new ArrayList<>(Collections.nCopies(probes.size(), List.of()));
    while (rows.hasNext()) {
      Gallery.Builder builder =
          Gallery.builder(probes.isEmpty() ? 1 : probes.get(0).vector().length);
      Map<ImageKey, Integer> cells = new HashMap<>();
      while (rows.hasNext() && cells.size() < BLOCK) {
        Tuple2<IndexBuild.Place, Row> row = rows.next();
        builder.add(row._1().key(), row._2().<byte[]>getAs("vector"));
        cells.put(row._1().key(), row._1().cell());
      }
      try (Gallery gallery = builder.build()) {
        List<Ranking> rankings = ExactSearch.rank(gallery, probes, k);
        for (int query = 0; query < rankings.size(); query++) {
          List<Neighbour> some = new ArrayList<>();
          for (Hit hit : rankings.get(query).hits()) {
            ImageKey key = hit.image();
            some.add(
                new Neighbour(
                    key.dataset(), key.category(), key.id(), hit.score(), cells.get(key)));
          }
          best.set(query, merge(best.get(query), some, k));
        }
      }
    }
    List<Tuple2<Integer, List<Neighbour>>> answers = new ArrayList<>();
    for (int query = 0; query < best.size(); query++) {
      answers.add(new Tuple2<>(query, best.get(query)));
    }
    return answers.iterator();
  }

  private static List<Neighbour> merge(List<Neighbour> one, List<Neighbour> other, int k) {
    List<Neighbour> all = new ArrayList<>(one);
    all.addAll(other);
    all.sort(Comparator.comparing(Neighbour::hit));
    return new ArrayList<>(all.subList(0, Math.min(k, all.size())));
  }
}
