package dev.weft.jobs.evaluate;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.config.ConfigException;
import dev.weft.evaluate.CandidateRule;
import dev.weft.evaluate.Family;
import dev.weft.evaluate.Metrics;
import dev.weft.evaluate.Protocol;
import dev.weft.evaluate.RankedQuery;
import dev.weft.ingest.DataSource;
import dev.weft.ingest.Triplet;
import dev.weft.jobs.PipelineConfig;
import dev.weft.jobs.ingest.TripletRows;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * The queries and candidates of one protocol: one split of one data set.
 *
 * @param protocol how they are scored
 * @param categories by name, sorted
 * @param degradedBecause why the numbers do not compare to published ones
 */
record QuerySet(Protocol protocol, List<Category> categories, List<String> degradedBecause) {

  /** Ids are places in a file for most layouts: shorter numbers first. */
  static final Comparator<Triplet> ORDER =
      Comparator.comparing(Triplet::category)
          .thenComparing(triplet -> triplet.id().length())
          .thenComparing(Triplet::id);

  /**
   * The part of a set whose queries share their candidates.
   *
   * @param name empty where the data set has no categories
   * @param queries at least one, each with a target
   * @param gallery ids of the candidates, the references included
   */
  record Category(String name, List<Triplet> queries, List<String> gallery) {}

  QuerySet {
    categories = List.copyOf(categories);
    degradedBecause = List.copyOf(degradedBecause);
  }

  /** All queries in order. */
  List<Triplet> queries() {
    return categories.stream().flatMap(category -> category.queries().stream()).toList();
  }

  /**
   * A query with the number of its candidates.
   *
   * @param triplet the query
   * @param candidates images that are ranked for it
   */
  record Asked(Triplet triplet, int candidates) {}

  /** The queries in order, by category and id. */
  Map<List<String>, Asked> asked() {
    Map<List<String>, Asked> asked = new LinkedHashMap<>();
    for (Category category : categories) {
      Set<String> gallery = Set.copyOf(category.gallery());
      for (Triplet triplet : category.queries()) {
        boolean removed = protocol.referenceRemoved() && gallery.contains(triplet.reference());
        asked.put(
            List.of(triplet.category(), triplet.id()),
            new Asked(triplet, gallery.size() - (removed ? 1 : 0)));
      }
    }
    return asked;
  }

  /** The query that a row of {@code rankings} answers, as {@link #asked} names it. */
  static List<String> key(Row row) {
    return List.of(row.getAs("category"), row.getAs("query"));
  }

  /**
   * What one head answered.
   *
   * @param rows its rankings of all queries, as {@link RankTask} gives them
   */
  List<RankedQuery> ranked(List<Row> rows) {
    Map<List<String>, Asked> asked = asked();
    return rows.stream()
        .map(
            row -> {
              Asked query = asked.get(key(row));
              return RankingRow.scored(row, query.triplet(), query.candidates());
            })
        .toList();
  }

  /**
   * The metrics of one head.
   *
   * @param head its name
   * @param queries {@link #ranked}
   * @param cutoffs {@code evaluate.cutoffs}
   */
  Metrics score(String head, List<RankedQuery> queries, List<Integer> cutoffs) {
    Map<String, Integer> galleries = new HashMap<>();
    categories.stream()
        .filter(category -> !category.gallery().isEmpty())
        .forEach(category -> galleries.put(category.name(), category.gallery().size()));
    List<String> reasons = new ArrayList<>(degradedBecause);
    reasons.addAll(Metrics.lostTargets(queries));
    return Metrics.of(protocol, head, queries, galleries, cutoffs, reasons);
  }

  /** Training triplets set apart, each scored among the references and targets of its category. */
  static QuerySet heldOut(String dataset, List<Triplet> triplets) {
    Protocol protocol =
        new Protocol(dataset, Family.FASHIONIQ, "hold-out", CandidateRule.VAL_UNION);
    return new QuerySet(
        protocol,
        categories(protocol, triplets.stream().sorted(ORDER).toList(), Map.of()),
        List.of());
  }

  /** The sets of a run, in the order of the configuration; data sets without the split left out. */
  static List<QuerySet> read(SparkSession spark, Snapshot ingest, PipelineConfig config) {
    List<QuerySet> sets = new ArrayList<>();
    for (DataSource source : config.ingest().datasets()) {
      for (String split : config.evaluate().splits()) {
        List<Triplet> triplets = triplets(spark, ingest, source.name(), split);
        if (!triplets.isEmpty()) {
          Protocol protocol = protocol(source, split, config);
          sets.add(of(spark, ingest, protocol, triplets));
        }
      }
    }
    if (!sets.isEmpty() && sets.stream().noneMatch(QuerySet::scored)) {
      throw nothingToScore(sets.get(0).protocol());
    }
    if (sets.isEmpty()) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot evaluate: no data set of ingest version %d has a triplet of the splits %s. Set"
              + " evaluate.splits to one that was ingested, or ingest a data set that has it.",
          ingest.version(),
          config.evaluate().splits());
    }
    return sets;
  }

  private static Protocol protocol(DataSource source, String split, PipelineConfig config) {
    return new Protocol(
        source.name(),
        Family.of(source.layout()),
        split,
        config.evaluate().cohort(),
        config.evaluate().captionForms());
  }

  /** Whether the right answers are published; without them, queries are ranked and not scored. */
  boolean scored() {
    return queries().stream().anyMatch(triplet -> !triplet.groundTruths().isEmpty());
  }

  /** The set of the first data set that has the split. */
  static QuerySet first(SparkSession spark, Snapshot ingest, PipelineConfig config, String split) {
    for (DataSource source : config.ingest().datasets()) {
      List<Triplet> triplets = triplets(spark, ingest, source.name(), split);
      if (!triplets.isEmpty()) {
        Protocol protocol = protocol(source, split, config);
        QuerySet set = of(spark, ingest, protocol, triplets);
        if (!set.scored()) {
          throw nothingToScore(protocol);
        }
        return set;
      }
    }
    throw new WeftException(
        ExitCode.INPUT_MISSING,
        "Cannot validate: no data set of ingest version %d has a triplet of the split %s. Set"
            + " train.validation.on to hold-out, or ingest a data set that has it.",
        ingest.version(),
        split);
  }

  /** The triplets of a split, in order. */
  static List<Triplet> triplets(SparkSession spark, Snapshot ingest, String dataset, String split) {
    return of(Table.TRIPLETS, spark, ingest, dataset, split).collectAsList().stream()
        .map(TripletRows::triplet)
        .sorted(ORDER)
        .toList();
  }

  private static QuerySet of(
      SparkSession spark, Snapshot ingest, Protocol protocol, List<Triplet> triplets) {
    List<Triplet> answered =
        triplets.stream().filter(triplet -> !triplet.groundTruths().isEmpty()).toList();
    List<Triplet> asked = answered.isEmpty() ? triplets : answered;
    Map<String, List<String>> listed = galleries(spark, ingest, protocol);
    return new QuerySet(
        protocol, categories(protocol, asked, listed), reasons(ingest, protocol.dataset()));
  }

  private static List<Category> categories(
      Protocol protocol, List<Triplet> asked, Map<String, List<String>> listed) {
    List<Category> categories = new ArrayList<>();
    asked.stream()
        .collect(Collectors.groupingBy(Triplet::category, TreeMap::new, Collectors.toList()))
        .forEach(
            (name, queries) ->
                categories.add(
                    new Category(
                        name,
                        queries,
                        protocol.gallery(listed.getOrDefault(name, List.of()), queries))));
    return categories;
  }

  private static ConfigException nothingToScore(Protocol protocol) {
    return new ConfigException(
        "the configuration",
        List.of(
            new ConfigException.Problem(
                "evaluate.splits",
                "must name a split whose targets are published, found '"
                    + protocol.split()
                    + "', of which "
                    + protocol.dataset()
                    + " publishes none; others beside it are ranked for a submission")));
  }

  private static Map<String, List<String>> galleries(
      SparkSession spark, Snapshot ingest, Protocol protocol) {
    return of(Table.GALLERIES, spark, ingest, protocol.dataset(), protocol.split())
        .collectAsList()
        .stream()
        .sorted(Comparator.comparingInt(row -> row.<Integer>getAs("position")))
        .collect(
            Collectors.groupingBy(
                row -> row.getAs("category"),
                Collectors.mapping(row -> row.<String>getAs("image"), Collectors.toList())));
  }

  private static Dataset<Row> of(
      Table table, SparkSession spark, Snapshot ingest, String dataset, String split) {
    return table
        .read(spark, ingest)
        .where(
            functions.col("dataset").equalTo(dataset).and(functions.col("split").equalTo(split)));
  }

  /** What ingest found wrong with a data set. */
  private static List<String> reasons(Snapshot ingest, String dataset) {
    List<String> reasons = new ArrayList<>();
    for (Object cohort : (List<?>) ingest.manifest().facts().getOrDefault("cohorts", List.of())) {
      Map<?, ?> fields = (Map<?, ?>) cohort;
      if (dataset.equals(fields.get("name"))) {
        ((List<?>) fields.get("reasons")).forEach(reason -> reasons.add(String.valueOf(reason)));
      }
    }
    return reasons;
  }

  /** The settings that decide what the sets are. */
  static List<Map<String, String>> settings(PipelineConfig config) {
    return config.ingest().datasets().stream()
        .map(source -> Map.of("name", source.name(), "family", Family.of(source.layout()).name()))
        .toList();
  }
}
