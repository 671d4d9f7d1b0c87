package dev.weft.jobs.ingest;

import dev.weft.config.ConfigException;
import dev.weft.ingest.AnnotationReader;
import dev.weft.ingest.Annotations;
import dev.weft.ingest.BadRows;
import dev.weft.ingest.Cohort;
import dev.weft.ingest.DataSource;
import dev.weft.ingest.Descriptions;
import dev.weft.ingest.Finding;
import dev.weft.ingest.GalleryImage;
import dev.weft.ingest.ImageMode;
import dev.weft.ingest.IngestConfig;
import dev.weft.ingest.SourceState;
import dev.weft.ingest.Usable;
import dev.weft.jobs.Session;
import dev.weft.jobs.Stage;
import dev.weft.jobs.StageResult;
import dev.weft.jobs.store.Table;
import dev.weft.store.Attempt;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/**
 * Reads and checks the configured data sets: annotations on the driver, images in tasks. Publishes
 * the tables {@code images}, {@code triplets}, {@code galleries} and {@code quarantine}, sharded by
 * a hash of the row's key.
 *
 * <pre>scripts/weft ingest --config conf/fashioniq.yaml</pre>
 */
public final class IngestJob {
  private static final int CODE_FORMAT = 1;

  private IngestJob() {}

  /** Runs the stage in the given session. */
  public static StageResult run(Session session) {
    IngestConfig config = session.config().ingest();
    if (config.datasets().isEmpty()) {
      throw new ConfigException(
          "the configuration",
          List.of(
              new ConfigException.Problem(
                  "ingest.datasets", "must name at least one data set, found '[]'")));
    }
    return stage(session, config).run(session, attempt -> write(session, config, attempt));
  }

  private static Stage stage(Session session, IngestConfig config) {
    Map<String, Object> settings = Stage.settings(config);
    Map<String, String> states = new TreeMap<>();
    for (DataSource source : config.datasets()) {
      states.put(source.name(), SourceState.of(session.hadoop(), source, config.images()));
    }
    settings.put("sources", states);
    return new Stage(
        "ingest",
        "ingest",
        settings,
        List.of(),
        List.of(Table.IMAGES, Table.TRIPLETS, Table.GALLERIES, Table.QUARANTINE),
        CODE_FORMAT);
  }

  private static Map<String, Object> write(Session session, IngestConfig config, Attempt attempt) {
    SparkSession spark = session.spark();
    JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
    JavaRDD<Row> images = context.emptyRDD();
    List<Usable> usable = new ArrayList<>();
    for (DataSource source : config.datasets()) {
      Annotations annotations = AnnotationReader.of(source.layout()).read(session.hadoop(), source);
      Descriptions descriptions = Descriptions.read(session.hadoop(), source);
      List<Finding> badRows = new ArrayList<>(annotations.quarantined());
      badRows.addAll(descriptions.quarantined());
      BadRows.of(annotations.triplets().size() + descriptions.texts().size(), badRows)
          .enforce("annotation rows", source.name(), config.maxBadFraction());
      boolean read = config.images() == ImageMode.READ && source.hasImages();
      ImageScan scan =
          read
              ? ImageScan.read(
                  spark, source, config.imageLimits(), annotations.images(), descriptions.texts())
              : ImageScan.unread(spark, annotations.images(), descriptions.texts());
      BadRows.of(
              annotations.images().size() - scan.unusable().size(),
              List.copyOf(scan.unusable().values()))
          .enforce("images", source.name(), config.maxBadFraction());
      images = images.union(scan.sound());
      Usable kept = Usable.of(source.name(), annotations, badRows, scan.unusable());
      usable.add(read ? kept : kept.degradedBy("annotation-only: no image was read"));
    }
    spark.sparkContext().setJobDescription("write the tables of ingest");
    write(spark, Table.IMAGES, images, config.shards(), attempt, "dataset", "category", "id");
    write(
        spark,
        Table.TRIPLETS,
        context.parallelize(
            usable.stream().flatMap(u -> u.triplets().stream()).map(TripletRows::row).toList()),
        config.shards(),
        attempt,
        "dataset",
        "category",
        "split",
        "id");
    write(
        spark,
        Table.GALLERIES,
        context.parallelize(
            usable.stream().flatMap(u -> u.galleries().stream()).map(IngestJob::row).toList()),
        config.shards(),
        attempt,
        "dataset",
        "category",
        "split",
        "position");
    write(
        spark,
        Table.QUARANTINE,
        context.parallelize(
            usable.stream().flatMap(u -> u.quarantined().stream()).map(IngestJob::row).toList()),
        1,
        attempt,
        "dataset",
        "file",
        "place",
        "reason",
        "detail");
    spark.sparkContext().setJobDescription(null);
    return figures(session, usable, images.count());
  }

  /** Rows in shards by a hash of their key, sorted by it: the same bytes whatever ran where. */
  private static void write(
      SparkSession spark,
      Table table,
      JavaRDD<Row> rows,
      int shards,
      Attempt attempt,
      String... key) {
    Dataset<Row> frame = spark.createDataFrame(rows, table.schema().asNullable());
    Column[] columns = Arrays.stream(key).map(functions::col).toArray(Column[]::new);
    table.write(frame.repartition(shards, columns).sortWithinPartitions(columns), attempt);
  }

  private static Row row(GalleryImage image) {
    return RowFactory.create(
        image.dataset(), image.category(), image.split(), image.position(), image.image());
  }

  private static Row row(Finding finding) {
    return RowFactory.create(
        finding.dataset(),
        finding.file(),
        finding.place(),
        finding.reason().label(),
        finding.detail());
  }

  private static Map<String, Object> figures(Session session, List<Usable> usable, long images) {
    List<Map<String, Object>> cohorts = new ArrayList<>();
    long notes = 0;
    long badRows = 0;
    long badImages = 0;
    for (Usable data : usable) {
      Cohort cohort = data.cohort();
      if (cohort.degraded()) {
        session
            .progress()
            .say(
                "  "
                    + cohort.name()
                    + " is degraded, its numbers are not comparable with published ones: "
                    + String.join("; ", cohort.reasons()));
      }
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("name", cohort.name());
      facts.put("degraded", cohort.degraded());
      facts.put("reasons", cohort.reasons());
      facts.put("counts", cohort.counts());
      cohorts.add(facts);
      notes += data.notes().size();
      badRows += data.badRows();
      badImages += data.badImages();
    }
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("images", images);
    figures.put("triplets", usable.stream().mapToLong(u -> u.triplets().size()).sum());
    figures.put("galleries", usable.stream().mapToLong(u -> u.galleries().size()).sum());
    figures.put("bad_rows", badRows);
    figures.put("bad_images", badImages);
    figures.put("notes", notes);
    figures.put("cohorts", cohorts);
    return figures;
  }
}
