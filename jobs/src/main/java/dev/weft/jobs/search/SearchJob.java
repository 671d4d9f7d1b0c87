package dev.weft.jobs.search;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.encode.CaptionForm;
import dev.weft.encode.QueryText;
import dev.weft.ingest.ImageKey;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.evaluate.PageFile;
import dev.weft.jobs.ingest.TripletRows;
import dev.weft.jobs.store.Table;
import dev.weft.search.Query;
import dev.weft.search.SearchConfig;
import dev.weft.store.Attempt;
import dev.weft.store.Snapshot;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.functions;
import org.apache.spark.storage.StorageLevel;

/**
 * Finds images of the index: by image and sentence, by image alone, or by sentence alone. One query
 * of the command line is answered at once; a file of queries is answered by the cluster and
 * published as the artefact {@code search}. Both leave a page under {@code
 * <root>/pages/search.html}.
 *
 * <pre>scripts/weft search --config conf/wardrobe.yaml --image photo.jpg --text 'make it blue'
 * </pre>
 */
public final class SearchJob {
  private static final int CODE_FORMAT = 2;
  private static final String PAGE = "search.html";

  /** Validation triplets that serve as queries where none are given. */
  private static final int SAMPLE = 50;

  private SearchJob() {}

  /** Answers the configured query or queries. */
  public static StageResult run(Session session) {
    SearchConfig config = session.config().search();
    Optional<Query> single = config.single();
    if (single.isPresent()) {
      return one(session, single.get());
    }
    if (config.queries().isBlank()) {
      throw new WeftException(
          ExitCode.USAGE,
          "Cannot search: there is no query. Give one, such as --image photo.jpg --text 'make it"
              + " blue' (either may be left out; --image-id names an indexed image), or many in a"
              + " file with --queries queries.jsonl.");
    }
    requireFresh(session, config.output());
    Queries queries = Queries.read(session, config.queries());
    Searcher searcher = Searcher.open(session, queries.needEncoder(), queries.needHead());
    Map<String, Object> settings = settings(config);
    settings.put("queries", queries.settings());
    return many(searcher, stage(settings, searcher.inputs()), () -> queries);
  }

  /**
   * Answers the configured queries or, where there are none, the first validation triplets of the
   * first data set: the pipeline ends with answers to look at.
   */
  public static StageResult sample(Session session) {
    SearchConfig config = session.config().search();
    if (config.single().isPresent() || !config.queries().isBlank()) {
      return run(session);
    }
    Snapshot ingest = session.input("ingest");
    Searcher searcher = Searcher.open(session, true, true);
    String dataset = session.config().ingest().datasets().get(0).name();
    Map<String, Object> settings = settings(config);
    settings.put("sample", List.of(dataset, SAMPLE));
    List<Snapshot> inputs = new ArrayList<>(searcher.inputs());
    inputs.add(ingest);
    return many(
        searcher,
        stage(settings, inputs),
        () -> new Queries(triplets(session, ingest, searcher.index(), dataset), Map.of()));
  }

  /** The answers to a single query, and where more is to be seen, as lines for a terminal. */
  public static List<String> lines(StageResult result) {
    List<String> lines = new ArrayList<>();
    List<?> results = (List<?>) result.figures().get("results");
    if (results != null && results.isEmpty()) {
      lines.add("no image is a candidate: none meets search.category and search.filter");
    }
    for (Object one : results == null ? List.of() : results) {
      Map<?, ?> answer = (Map<?, ?>) one;
      if (lines.isEmpty()) {
        lines.add(
            String.format(
                Locale.ROOT,
                "%4s  %6s  %-20s  %-10s  %s",
                "rank",
                "score",
                "id",
                "category",
                "location"));
      }
      lines.add(
          String.format(
              Locale.ROOT,
              "%4d  %6.4f  %-20s  %-10s  %s",
              (int) answer.get("rank"),
              ((Number) answer.get("score")).doubleValue(),
              answer.get("id"),
              answer.get("category"),
              answer.get("location")));
    }
    lines.add("page   " + result.figures().get("page"));
    return lines;
  }

  private static Map<String, Object> settings(SearchConfig config) {
    Map<String, Object> settings = new TreeMap<>();
    settings.put("k", config.k());
    settings.put("category", config.category());
    settings.put("filter", config.filter());
    settings.put("excludeReference", config.excludeReference());
    settings.put("probes", config.probes());
    return settings;
  }

  private static Stage stage(Map<String, Object> settings, List<Snapshot> inputs) {
    return new Stage("search", "search", settings, inputs, List.of(Table.RESULTS), CODE_FORMAT);
  }

  private static StageResult one(Session session, Query query) {
    long start = session.clock().millis();
    Queries queries = Queries.of(session, List.of(query));
    Searcher searcher = Searcher.open(session, queries.needEncoder(), queries.needHead());
    Searcher.Resolved resolved = searcher.resolve(queries);
    long candidates = searcher.candidates();
    List<Answer> answers = searcher.answerHere(resolved, candidates).collectAsMap().get(0);
    byte[] page = searcher.page(resolved, Map.of(0, answers), candidates);
    Map<String, Object> figures = figures(searcher, 1);
    List<Map<String, Object>> results = new ArrayList<>();
    for (Answer answer : answers) {
      Map<String, Object> result = new LinkedHashMap<>();
      result.put("rank", results.size() + 1);
      result.put("score", answer.score());
      result.put("id", answer.id());
      result.put("category", answer.category());
      result.put("location", answer.location());
      results.add(result);
    }
    figures.put("results", results);
    figures.put("page", PageFile.publish(session, PAGE, page));
    return new StageResult(
        "search",
        StageResult.DONE,
        Optional.empty(),
        (session.clock().millis() - start) / 1000.0,
        figures);
  }

  private static StageResult many(Searcher searcher, Stage stage, Supplier<Queries> queries) {
    Session session = searcher.session();
    StageResult result = stage.run(session, attempt -> write(searcher, queries.get(), attempt));
    Snapshot published = result.snapshot().orElseThrow();
    String output = session.config().search().output();
    if (!output.isBlank()) {
      Table.RESULTS.read(session.spark(), published).write().parquet(output);
    }
    return result.with("page", PageFile.publish(session, PAGE, published.read(PAGE)));
  }

  private static Map<String, Object> write(Searcher searcher, Queries queries, Attempt attempt) {
    Session session = searcher.session();
    long candidates = searcher.candidates();
    Searcher.Resolved resolved = searcher.resolve(queries);
    JavaPairRDD<Integer, List<Answer>> answers =
        searcher.answer(resolved, candidates).persist(StorageLevel.MEMORY_AND_DISK());
    List<String> ids = new ArrayList<>();
    resolved.parts().forEach(query -> ids.add(query.id()));
    Table.RESULTS.write(rows(session, answers, ids), attempt);
    int shown = session.config().evaluate().examples();
    Map<Integer, List<Answer>> first =
        new TreeMap<>(answers.filter(answer -> answer._1() < shown).collectAsMap());
    answers.unpersist();
    session.spark().sparkContext().setJobDescription(null);
    attempt.write(PAGE, searcher.page(resolved, first, candidates));
    return figures(searcher, queries.queries().size());
  }

  private static Map<String, Object> figures(Searcher searcher, int queries) {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("queries", queries);
    searcher.headName().ifPresent(name -> figures.put("head", name));
    figures.put("index_version", searcher.index().version());
    searcher.release().ifPresent(release -> figures.put("release", release.version()));
    return figures;
  }

  private static Dataset<Row> rows(
      Session session, JavaPairRDD<Integer, List<Answer>> answers, List<String> ids) {
    JavaSparkContext context = new JavaSparkContext(session.spark().sparkContext());
    Broadcast<List<String>> names = context.broadcast(ids);
    return session
        .spark()
        .createDataFrame(
            answers
                .sortByKey()
                .flatMap(answer -> rows(names.value().get(answer._1()), answer._2()).iterator()),
            Table.RESULTS.schema().asNullable());
  }

  private static List<Row> rows(String query, List<Answer> answers) {
    List<Row> rows = new ArrayList<>(answers.size());
    for (Answer answer : answers) {
      rows.add(
          RowFactory.create(
              query,
              rows.size() + 1,
              answer.score(),
              answer.id(),
              answer.dataset(),
              answer.category(),
              answer.location()));
    }
    return rows;
  }

  /** Spark would overwrite a folder or fail at the end; better to say so before. */
  private static void requireFresh(Session session, String output) {
    if (output.isBlank()) {
      return;
    }
    Path folder = new Path(output);
    try {
      if (folder.getFileSystem(session.hadoop()).exists(folder)) {
        throw new WeftException(
            ExitCode.CONFIG,
            "Cannot write the answers to %s: it exists already. Set search.output to a new folder,"
                + " or remove this one.",
            output);
      }
    } catch (IOException e) {
      throw new WeftException(
          e,
          ExitCode.IO,
          "Cannot look at search.output %s: %s. Check that the place can be reached.",
          output,
          e.getMessage());
    }
  }

  /** Triplets as queries; one whose reference is not indexed asks by its words alone. */
  private static List<Query> triplets(
      Session session, Snapshot ingest, Snapshot index, String dataset) {
    Set<ImageKey> indexed = new HashSet<>();
    Table.INDEX
        .read(session.spark(), index)
        .where(functions.col("dataset").equalTo(dataset))
        .select("category", "id")
        .collectAsList()
        .forEach(row -> indexed.add(new ImageKey(dataset, row.getString(0), row.getString(1))));
    return Table.TRIPLETS
        .read(session.spark(), ingest)
        .where(functions.col("dataset").equalTo(dataset).and(functions.col("split").equalTo("val")))
        .collectAsList()
        .stream()
        .map(TripletRows::triplet)
        .sorted(
            Comparator.comparing((Triplet triplet) -> triplet.id().length())
                .thenComparing(Triplet::id)
                .thenComparing(Triplet::category))
        .limit(SAMPLE)
        .map(triplet -> query(triplet, indexed))
        .toList();
  }

  private static Query query(Triplet triplet, Set<ImageKey> indexed) {
    ImageKey reference = new ImageKey(triplet.dataset(), triplet.category(), triplet.reference());
    return new Query(
        triplet.category().isEmpty() ? triplet.id() : triplet.category() + "/" + triplet.id(),
        Optional.empty(),
        Optional.of(reference).filter(indexed::contains).map(ImageKey::toString),
        Optional.of(QueryText.of(triplet.captions(), CaptionForm.FIRST_AND_SECOND)));
  }
}
