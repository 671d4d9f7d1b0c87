package dev.weft.jobs.train;

import dev.weft.ingest.ImageKey;
import dev.weft.ingest.Triplet;
import dev.weft.rank.Gallery;
import dev.weft.train.TripletTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * One category of training triplets and the images they are mined in: the references and targets of
 * them all, each content once, under the smallest of its ids.
 *
 * @param dataset name of the data set
 * @param category category within it
 * @param numbers numbers of the images in the table of triplets
 * @param ids their ids, in the same order
 * @param rows rows of the table of triplets
 * @param triplets their ids, in the same order
 */
record MiningGround(
    String dataset,
    String category,
    List<Integer> numbers,
    List<String> ids,
    List<Integer> rows,
    List<String> triplets)
    implements Serializable { // travels to the tasks

  /** The categories of a table, in order. */
  static List<MiningGround> of(TrainingRows training) {
    Map<ImageKey, List<Integer>> rows = new TreeMap<>();
    for (int row = 0; row < training.triplets().size(); row++) {
      Triplet triplet = training.triplets().get(row);
      ImageKey category = new ImageKey(triplet.dataset(), triplet.category(), "");
      rows.computeIfAbsent(category, unknown -> new ArrayList<>()).add(row);
    }
    List<MiningGround> grounds = new ArrayList<>();
    rows.forEach((category, of) -> grounds.add(of(category, of, training)));
    return grounds;
  }

  private static MiningGround of(ImageKey category, List<Integer> rows, TrainingRows training) {
    TripletTable table = training.table();
    Map<Integer, String> ids = new TreeMap<>();
    List<String> triplets = new ArrayList<>();
    for (int row : rows) {
      Triplet triplet = training.triplets().get(row);
      triplets.add(triplet.id());
      ids.merge(table.reference(row), triplet.reference(), MiningGround::smaller);
      ids.merge(table.target(row), triplet.target().orElseThrow(), MiningGround::smaller);
    }
    return new MiningGround(
        category.dataset(),
        category.category(),
        List.copyOf(ids.keySet()),
        List.copyOf(ids.values()),
        List.copyOf(rows),
        List.copyOf(triplets));
  }

  private static String smaller(String one, String other) {
    return one.compareTo(other) <= 0 ? one : other;
  }

  /** The images, to be ranked; to be closed. */
  Gallery gallery(TripletTable table) {
    Gallery.Builder builder = Gallery.builder(table.dimension());
    for (int i = 0; i < numbers.size(); i++) {
      builder.add(key(i), table.imageVector(numbers.get(i)));
    }
    return builder.build();
  }

  /** The image of a number. */
  ImageKey image(int number) {
    return key(Collections.binarySearch(numbers, number));
  }

  private ImageKey key(int place) {
    return new ImageKey(dataset, category, ids.get(place));
  }
}
