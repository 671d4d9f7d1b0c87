package dev.weft.jobs.ingest;

import dev.weft.ingest.ImageFile;
import dev.weft.ingest.ImageKey;
import dev.weft.ingest.ImageLimits;
import dev.weft.ingest.ImageProbe;
import dev.weft.ingest.Reason;
import dev.weft.ingest.TarShard;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Iterator;
import org.apache.hadoop.fs.Path;
import org.apache.spark.TaskContext;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.util.SerializableConfiguration;
import org.apache.spark.util.TaskCompletionListener;
import scala.Tuple2;

/**
 * Looks for the images of a data set in tar archives: each archive is read once, from beginning to
 * end, by one task. An image is found by its path in the archive, without the extension; of several
 * the one whose archive comes first by name counts.
 *
 * @param dataset its name
 * @param folder of the archives, for messages
 * @param limits what an image may be
 * @param hadoop settings of the file systems
 */
record ShardScan(
    String dataset, String folder, ImageLimits limits, Broadcast<SerializableConfiguration> hadoop)
    implements Serializable {

  /**
   * Checks images.
   *
   * @param wanted category, id, path and description of each
   * @param shards URIs of the archives, one to a partition
   * @return rows as {@link ImageScan#row} makes them
   */
  JavaRDD<Row> check(JavaRDD<Row> wanted, JavaRDD<String> shards) {
    JavaPairRDD<String, Row> found =
        shards
            .mapPartitionsToPair(this::members)
            .reduceByKey(ShardScan::first, wanted.getNumPartitions());
    return wanted
        .mapToPair(image -> new Tuple2<>(ImageFile.stem(image.getString(2)), image))
        .leftOuterJoin(found)
        .values()
        .map(
            both -> both._2().isPresent() ? named(both._1(), both._2().get()) : missing(both._1()));
  }

  private Iterator<Tuple2<String, Row>> members(Iterator<String> shards) throws IOException {
    ImageProbe probe = new ImageProbe(limits);
    Path path = new Path(shards.next());
    TarShard shard =
        TarShard.open(path.getFileSystem(hadoop.value().value()), path, limits.maxBytes());
    TaskCompletionListener listener = context -> close(shard);
    TaskContext.get().addTaskCompletionListener(listener);
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return shard.hasNext();
      }

      @Override
      public Tuple2<String, Row> next() {
        TarShard.Member member = shard.next();
        String stem = ImageFile.stem(member.location().member());
        return new Tuple2<>(
            stem, ImageScan.row(probe.probe(new ImageKey(dataset, "", stem), member), ""));
      }
    };
  }

  private static void close(TarShard shard) {
    try {
      shard.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static boolean isSound(Row row) {
    return row.length() == ImageScan.SOUND_COLUMNS;
  }

  private static String location(Row row) {
    return row.getString(isSound(row) ? 3 : 2);
  }

  private static Row first(Row one, Row other) {
    return location(one).compareTo(location(other)) <= 0 ? one : other;
  }

  /** What was found, under the name that the data set has for it. */
  private Row named(Row image, Row found) {
    return isSound(found)
        ? RowFactory.create(
            dataset,
            image.getString(0),
            image.getString(1),
            found.get(3),
            found.get(4),
            found.get(5),
            found.get(6),
            found.get(7),
            image.getString(3))
        : RowFactory.create(
            image.getString(0), image.getString(1), found.get(2), found.get(3), found.get(4));
  }

  private Row missing(Row image) {
    return RowFactory.create(
        image.getString(0),
        image.getString(1),
        folder + "/*.tar",
        Reason.MISSING_IMAGE.name(),
        "no archive has a member " + image.getString(2) + ", nor with another extension of images");
  }
}
