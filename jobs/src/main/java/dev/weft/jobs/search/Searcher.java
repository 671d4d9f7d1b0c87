package dev.weft.jobs.search;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.evaluate.Report.Fact;
import dev.weft.index.EncodedWith;
import dev.weft.index.Filter;
import dev.weft.index.IndexColumns;
import dev.weft.index.IndexContract;
import dev.weft.index.IndexLayout;
import dev.weft.index.IndexRows;
import dev.weft.index.VectorIndex;
import dev.weft.ingest.ImageKey;
import dev.weft.jobs.Session;
import dev.weft.jobs.encode.ConfiguredEncoder;
import dev.weft.jobs.evaluate.Pictures;
import dev.weft.jobs.evaluate.TrainedHead;
import dev.weft.jobs.index.IndexJob;
import dev.weft.jobs.store.Table;
import dev.weft.search.Query;
import dev.weft.search.SearchConfig;
import dev.weft.store.Release;
import dev.weft.store.Snapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.util.SerializableConfiguration;

/**
 * What answers queries: one version of the index with the encoder and the head that fit it.
 *
 * @param session what to work with, with the parts of the release pinned
 * @param release where they come from, if not the newest versions answer
 * @param index the pinned index
 * @param encoder the encoder of the index; absent where no query needs it
 * @param head the fusion head, where a query needs it
 */
record Searcher(
    Session session,
    Optional<Release> release,
    Snapshot index,
    Optional<ConfiguredEncoder> encoder,
    Optional<Snapshot> head) {
  /** Queries encoded and composed together. */
  private static final int BLOCK = 64;

  /**
   * Pins the index of the current release, with its head and encoder; where there is none, or
   * {@code search.from} is {@code newest}, the newest index and what belongs to it.
   */
  static Searcher open(Session session, boolean needEncoder, boolean needHead) {
    Optional<Release> release =
        session.config().search().from() == SearchConfig.From.RELEASE
            ? session.release()
            : Optional.empty();
    Map<String, Snapshot> parts = new HashMap<>();
    release.ifPresent(
        one -> one.requireParts().forEach(part -> parts.put(part.artefact().name(), part)));
    return open(session.with(List.of(), parts), release, needEncoder, needHead);
  }

  private static Searcher open(
      Session session, Optional<Release> release, boolean needEncoder, boolean needHead) {
    Snapshot index = session.input("index");
    IndexContract contract = IndexJob.contract(index);
    // What is wrong with a condition is said before anything is loaded.
    Filter.all(conditions(session.config().search()), filterable(index));
    Optional<ConfiguredEncoder> encoder =
        needEncoder
            ? Optional.of(ConfiguredEncoder.of(session, IndexJob.encodedWith(index)))
            : Optional.empty();
    if (!needHead) {
      return new Searcher(session, release, index, encoder, Optional.empty());
    }
    String wanted = session.config().search().head();
    String name = wanted.equals("best") ? contract.head() : wanted;
    return new Searcher(
        session, release, index, encoder, Optional.of(TrainedHead.require(session, name)));
  }

  /** All snapshots that decide the answers. */
  List<Snapshot> inputs() {
    List<Snapshot> inputs = new ArrayList<>(List.of(index));
    encoder.ifPresent(one -> inputs.addAll(one.inputs()));
    head.ifPresent(inputs::add);
    return inputs;
  }

  IndexContract contract() {
    return IndexJob.contract(index);
  }

  SearchConfig config() {
    return session.config().search();
  }

  /** Name of the head, where there is one. */
  Optional<String> headName() {
    return head.map(snapshot -> TrainedHead.read(snapshot).name());
  }

  private Composition composition() {
    List<TrainedHead> heads = head.map(TrainedHead::read).stream().toList();
    for (TrainedHead one : heads) {
      EncodedWith.requireSame(List.of(IndexJob.encodedWith(index), one.encodedWith()));
    }
    return new Composition(
        encoder.map(ConfiguredEncoder::bundle).stream().toList(),
        heads,
        session.config().ingest().imageLimits());
  }

  /** The conditions that candidates meet, none for all images. */
  private static List<String> conditions(SearchConfig config) {
    List<String> conditions = new ArrayList<>();
    if (!config.category().isBlank()) {
      conditions.add("category = '" + config.category().replace("'", "''") + "'");
    }
    if (!config.filter().isBlank()) {
      conditions.add(config.filter());
    }
    return conditions;
  }

  private static Map<String, IndexColumns.Kind> filterable(Snapshot index) {
    return VectorIndex.filterable(IndexRows.columns(index));
  }

  /** How many images are searched. */
  long candidates() {
    List<String> conditions = conditions(config());
    if (conditions.isEmpty()) {
      return contract().count();
    }
    Map<String, IndexColumns.Kind> kinds = filterable(index);
    Filter filter = Filter.all(conditions, kinds);
    Dataset<Row> rows = Table.INDEX.read(session.spark(), index);
    Column[] used = filter.columns().stream().map(functions::col).toArray(Column[]::new);
    long count =
        rows.select(used)
            .toJavaRDD()
            .mapPartitions(part -> List.of(passing(part, Filter.all(conditions, kinds))).iterator())
            .reduce(Long::sum);
    if (count == 0 && config().filter().isBlank()) {
      List<String> categories =
          rows.select("category").distinct().as(Encoders.STRING()).collectAsList();
      throw new WeftException(
          ExitCode.CONFIG,
          "Cannot search the category '%s': the index has the categories %s. Set search.category to"
              + " one of them, or to '' for all.",
          config().category(),
          categories.stream().sorted().toList());
    }
    return count;
  }

  private static long passing(Iterator<Row> rows, Filter filter) {
    long passing = 0;
    while (rows.hasNext()) {
      Row row = rows.next();
      passing += filter.test(row::getAs) ? 1 : 0;
    }
    return passing;
  }

  /** How the index is searched where so many images are candidates. */
  private IndexSearch.Plan plan(long candidates) {
    IndexLayout layout = IndexLayout.of(index);
    int probes = config().probes() > 0 ? config().probes() : layout.probes();
    int widened = VectorIndex.widened(probes, candidates, contract().count(), layout.cells());
    return new IndexSearch.Plan(
        session.config().root(), index.version(), config().k(), widened, conditions(config()));
  }

  private JavaPairRDD<Integer, List<Answer>> search(
      Resolved queries, List<byte[]> vectors, long candidates) {
    List<IndexSearch.Asked> asked = new ArrayList<>(vectors.size());
    for (int i = 0; i < vectors.size(); i++) {
      asked.add(new IndexSearch.Asked(vectors.get(i), queries.parts().get(i).excluded()));
    }
    return IndexSearch.search(
        new JavaSparkContext(session.spark().sparkContext()),
        plan(candidates),
        index.files(Table.INDEX.name()).size(),
        asked);
  }

  /** Queries with the vectors of the indexed images they name. */
  Resolved resolve(Queries queries) {
    IndexedImages indexed =
        IndexedImages.find(
            session.spark(), Table.INDEX.read(session.spark(), index), queries.queries());
    List<QueryParts> parts = new ArrayList<>();
    Map<String, String> locations = new HashMap<>();
    for (Query query : queries.queries()) {
      Optional<IndexedImages.Image> known = query.imageId().map(indexed.found()::get);
      String file =
          query.image().map(name -> queries.files().get(name).getPath().toString()).orElse("");
      parts.add(
          new QueryParts(
              query.id(),
              file,
              known.map(IndexedImages.Image::vector).orElse(new byte[0]),
              query.text().orElse(""),
              known
                  .filter(image -> config().excludeReference())
                  .map(image -> key(image.image().key()))
                  .orElse(List.of())));
      if (!file.isEmpty()) {
        locations.put(query.id(), file);
      }
      known.ifPresent(image -> locations.put(query.id(), image.image().location()));
    }
    return new Resolved(parts, locations);
  }

  private static List<String> key(ImageKey key) {
    return List.of(key.dataset(), key.category(), key.id());
  }

  /**
   * Queries ready to be answered.
   *
   * @param parts one per query, in order
   * @param locations id of a query to the URI of its image
   */
  record Resolved(List<QueryParts> parts, Map<String, String> locations) {}

  /** Answers, by number of the query; the queries are encoded by the driver. */
  JavaPairRDD<Integer, List<Answer>> answerHere(Resolved queries, long candidates) {
    List<byte[]> vectors =
        composition().vectors(blocks(queries.parts()).iterator(), session.hadoop());
    return search(queries, vectors, candidates);
  }

  /** Answers, by number of the query; the queries are encoded by tasks. */
  JavaPairRDD<Integer, List<Answer>> answer(Resolved queries, long candidates) {
    SparkSession spark = session.spark();
    JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
    Broadcast<Composition> composition = context.broadcast(composition());
    Broadcast<SerializableConfiguration> hadoop =
        context.broadcast(new SerializableConfiguration(session.hadoop()));
    List<List<QueryParts>> blocks = blocks(queries.parts());
    spark.sparkContext().setJobDescription("encode queries");
    List<byte[]> vectors =
        context
            .parallelize(blocks, Math.min(blocks.size(), session.executors()))
            .mapPartitions(
                part -> composition.value().vectors(part, hadoop.value().value()).iterator())
            .collect();
    spark.sparkContext().setJobDescription("search");
    return search(queries, vectors, candidates);
  }

  private static List<List<QueryParts>> blocks(List<QueryParts> queries) {
    List<List<QueryParts>> blocks = new ArrayList<>();
    for (int from = 0; from < queries.size(); from += BLOCK) {
      int to = Math.min(from + BLOCK, queries.size());
      blocks.add(new ArrayList<>(queries.subList(from, to))); // a view would not travel
    }
    return blocks;
  }

  /** A page of the first queries with their answers, by number. */
  byte[] page(Resolved queries, Map<Integer, List<Answer>> answers, long candidates) {
    SearchPage page =
        new SearchPage(
            new Pictures(
                session.hadoop(), session.config().ingest().imageLimits(), SearchPage.SIDE));
    answers.keySet().stream()
        .sorted()
        .forEach(
            number -> {
              QueryParts query = queries.parts().get(number);
              Optional<String> reference = Optional.ofNullable(queries.locations().get(query.id()));
              page.add(query, reference, answers.get(number), candidates);
            });
    int all = queries.parts().size();
    String note =
        answers.size() < all ? "The first " + answers.size() + " of " + all + " queries." : "";
    List<Fact> facts = new ArrayList<>();
    headName().ifPresent(name -> facts.add(new Fact("head", name)));
    facts.add(new Fact("encoder", contract().encoder()));
    facts.add(new Fact("images", String.valueOf(contract().count())));
    if (!config().category().isBlank()) {
      facts.add(new Fact("category", config().category()));
    }
    return page.html(note, facts);
  }
}
