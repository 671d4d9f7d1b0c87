package dev.weft.jobs.ingest;

import dev.weft.ingest.DataSource;
import dev.weft.ingest.Finding;
import dev.weft.ingest.ImageCheck;
import dev.weft.ingest.ImageFile;
import dev.weft.ingest.ImageKey;
import dev.weft.ingest.ImageLimits;
import dev.weft.ingest.ImageProbe;
import dev.weft.ingest.Reason;
import dev.weft.ingest.SourceState;
import dev.weft.jobs.store.Table;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Opens every image of a data set in tasks. What a task knows of an image is a row: a sound one
 * becomes a row of the table {@code images}, an unusable one a {@link Finding}.
 *
 * @param sound rows of the table {@code images}, descriptions included
 * @param unusable the images that are left out, and why
 */
record ImageScan(JavaRDD<Row> sound, Map<ImageKey, Finding> unusable) {
  private static final int IMAGES_PER_TASK = 2_000;

  /** Scans the images of one data set. */
  static ImageScan read(
      SparkSession spark,
      DataSource source,
      ImageLimits limits,
      List<ImageFile> images,
      Map<ImageKey, String> descriptions) {
    JavaSparkContext context = new JavaSparkContext(spark.sparkContext());
    spark.sparkContext().setJobDescription("check the images of " + source.name());
    Broadcast<SerializableConfiguration> hadoop =
        context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
    String dataset = source.name();
    String folder = source.images();
    List<String> shards =
        SourceState.shards(context.hadoopConfiguration(), source).stream()
            .map(Path::toString)
            .toList();
    JavaRDD<Row> wanted =
        context.parallelize(rows(images, descriptions), tasks(spark, images.size()));
    JavaRDD<Row> checked =
        (shards.isEmpty()
                ? wanted.mapPartitions(
                    rows -> check(new ImageProbe(limits), hadoop.value(), dataset, folder, rows))
                : new ShardScan(dataset, folder, limits, hadoop)
                    .check(wanted, context.parallelize(shards, shards.size())))
            .cache();
    Map<ImageKey, Finding> unusable = new TreeMap<>();
    for (Row row : checked.filter(row -> row.length() != SOUND_COLUMNS).collect()) {
      unusable.put(
          new ImageKey(dataset, row.getString(0), row.getString(1)),
          new Finding(
              dataset, row.getString(2), "", Reason.valueOf(row.getString(3)), row.getString(4)));
    }
    spark.sparkContext().setJobDescription(null);
    return new ImageScan(checked.filter(row -> row.length() == SOUND_COLUMNS), unusable);
  }

  /** The images of a data set whose files are not looked at. */
  static ImageScan unread(
      SparkSession spark, List<ImageFile> images, Map<ImageKey, String> descriptions) {
    JavaRDD<Row> rows =
        new JavaSparkContext(spark.sparkContext())
            .parallelize(
                images.stream()
                    .map(
                        image ->
                            RowFactory.create(
                                image.key().dataset(),
                                image.key().category(),
                                image.key().id(),
                                null,
                                null,
                                null,
                                null,
                                null,
                                descriptions.get(image.key())))
                    .toList(),
                tasks(spark, images.size()));
    return new ImageScan(rows, Map.of());
  }

  static final int SOUND_COLUMNS = Table.IMAGES.schema().length();

  private static int tasks(SparkSession spark, int images) {
    return Math.max(spark.sparkContext().defaultParallelism(), (images - 1) / IMAGES_PER_TASK + 1);
  }

  /** What a task needs to know of each image: category, id, path, description. */
  private static List<Row> rows(List<ImageFile> images, Map<ImageKey, String> descriptions) {
    List<Row> rows = new ArrayList<>(images.size());
    for (ImageFile image : images) {
      ImageKey key = image.key();
      rows.add(RowFactory.create(key.category(), key.id(), image.path(), descriptions.get(key)));
    }
    return rows;
  }

  private static Iterator<Row> check(
      ImageProbe probe,
      SerializableConfiguration hadoop,
      String dataset,
      String folder,
      Iterator<Row> images)
      throws IOException {
    Path path = new Path(folder);
    FileSystem files = path.getFileSystem(hadoop.value());
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return images.hasNext();
      }

      @Override
      public Row next() {
        Row image = images.next();
        ImageKey key = new ImageKey(dataset, image.getString(0), image.getString(1));
        try {
          return row(
              probe.probe(files, path, new ImageFile(key, image.getString(2))), image.getString(3));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    };
  }

  /** A row of the table, or category, id, file, reason and detail of an unusable image. */
  static Row row(ImageCheck check, String description) {
    if (check instanceof ImageCheck.Sound sound) {
      return RowFactory.create(
          sound.key().dataset(),
          sound.key().category(),
          sound.key().id(),
          sound.location(),
          sound.sha256(),
          sound.bytes(),
          sound.width(),
          sound.height(),
          description);
    }
    ImageCheck.Unusable bad = (ImageCheck.Unusable) check;
    return RowFactory.create(
        bad.key().category(),
        bad.key().id(),
        bad.finding().file(),
        bad.finding().reason().name(),
        bad.finding().detail());
  }
}
