package dev.weft.jobs.evaluate;

import dev.weft.evaluate.Outcomes;
import dev.weft.evaluate.Outcomes.Outcome;
import dev.weft.evaluate.Outcomes.Query;
import dev.weft.evaluate.Report.Picture;
import dev.weft.evaluate.Report.QuerySet;
import dev.weft.ingest.ImageKey;
import dev.weft.jobs.Session;
import dev.weft.jobs.store.Table;
import dev.weft.store.Snapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.functions;

/**
 * The pictures of a gallery. Small copies go into the page until they reach a size; the images
 * after that are linked to where they lie, so that a page of thousands of queries stays small.
 *
 * @param session what to work with
 * @param ingest where images are described and lie
 */
record GalleryPictures(Session session, Snapshot ingest) {
  private static final int SIDE = 128;

  /** Read at once, on all cores of the driver. */
  private static final int CHUNK = 64;

  private record Place(Optional<String> location, Optional<String> description) {}

  /** The pictures that the sets show, the best head's first. */
  Map<ImageKey, Picture> of(List<QuerySet> sets) {
    Map<ImageKey, Place> places = new HashMap<>();
    List<ImageKey> wanted = new ArrayList<>();
    for (QuerySet set : sets) {
      Set<ImageKey> images = images(set);
      places.putAll(places(set.outcomes().dataset(), images));
      wanted.addAll(images);
    }
    Map<ImageKey, Picture> pictures = new HashMap<>();
    Pictures files = new Pictures(session.hadoop(), session.config().ingest().imageLimits(), SIDE);
    long budget = session.config().evaluate().pictureMegabytes() * 1_000_000L;
    for (int from = 0; from < wanted.size(); from += CHUNK) {
      List<ImageKey> chunk = wanted.subList(from, Math.min(from + CHUNK, wanted.size()));
      boolean embed = budget > 0;
      List<Picture> read =
          chunk.parallelStream().map(key -> picture(files, key, places.get(key), embed)).toList();
      for (int i = 0; i < read.size(); i++) {
        pictures.put(chunk.get(i), read.get(i));
        budget -= embed ? read.get(i).source().map(String::length).orElse(0) : 0;
      }
    }
    return pictures;
  }

  private static Picture picture(Pictures files, ImageKey key, Place place, boolean embed) {
    if (place == null || place.location().isEmpty()) {
      return Picture.absent(key.id(), key.id());
    }
    String location = place.location().get();
    return embed
        ? files.of(key.id(), place.description(), location)
        : Picture.linked(key.id(), place.description().orElse(key.id()), location);
  }

  /** What is seen first comes first: references, targets and the best head's answers. */
  private static Set<ImageKey> images(QuerySet set) {
    Outcomes outcomes = set.outcomes();
    Set<ImageKey> images = new LinkedHashSet<>();
    for (int place : set.shown()) {
      Query query = outcomes.queries().get(place);
      images.add(key(outcomes, query, query.reference()));
      query.groundTruths().stream().limit(1).forEach(id -> images.add(key(outcomes, query, id)));
      outcomes
          .heads()
          .get(set.best())
          .get(place)
          .answers()
          .forEach(id -> images.add(key(outcomes, query, id)));
    }
    for (List<Outcome> head : outcomes.heads().values()) {
      for (int place : set.shown()) {
        Query query = outcomes.queries().get(place);
        head.get(place).answers().forEach(id -> images.add(key(outcomes, query, id)));
      }
    }
    return images;
  }

  private static ImageKey key(Outcomes outcomes, Query query, String id) {
    return new ImageKey(outcomes.dataset(), query.category(), id);
  }

  private Map<ImageKey, Place> places(String dataset, Set<ImageKey> images) {
    Dataset<Row> ids =
        session
            .spark()
            .createDataset(images.stream().map(ImageKey::id).distinct().toList(), Encoders.STRING())
            .toDF("id");
    Map<ImageKey, Place> places = new HashMap<>();
    for (Row row :
        Table.IMAGES
            .read(session.spark(), ingest)
            .where(functions.col("dataset").equalTo(dataset))
            .select("category", "id", "location", "description")
            .join(ids, new String[] {"id"}, "left_semi")
            .collectAsList()) {
      places.put(
          new ImageKey(dataset, row.getAs("category"), row.getAs("id")),
          new Place(
              Optional.ofNullable(row.getAs("location")),
              Optional.ofNullable(row.getAs("description"))));
    }
    return places;
  }
}
