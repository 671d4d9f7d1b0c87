package dev.weft.ingest.wardrobe;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Which garment every CIRCO-style image shows, and the queries.
 *
 * <p>Most garments hang in the gallery two to six times, each time drawn anew: these are the ground
 * truths of a query. Garments come in families that differ in one to three attributes, so that
 * every target has references near it. The last seventh or so of the images shows garments once
 * each.
 */
final class CircoPlan {
  private static final double SHOWN_ONCE = 0.15;
  private static final int FAMILY = 3;

  private final WardrobeConfig config;
  private final Category[] categories;
  private final int[] codes;
  private final int[] ids;

  /**
   * A query.
   *
   * @param reference number of the reference image
   * @param groundTruths numbers of all images that show the target garment, the target first
   */
  record Query(int reference, List<Integer> groundTruths) {
    Query {
      groundTruths = List.copyOf(groundTruths);
    }

    int target() {
      return groundTruths.get(0);
    }
  }

  CircoPlan(WardrobeConfig config) {
    this.config = config;
    this.categories = new Category[config.circoImages()];
    this.codes = new int[config.circoImages()];
    this.ids = IntStream.range(0, config.circoImages()).toArray();
    hang(Chance.CIRCO_GARMENTS.of(config.seed(), 0));
    number(Chance.CIRCO_IDS.of(config.seed(), 0));
  }

  private void hang(SplittableRandom random) {
    Map<Category, Deck> decks = new EnumMap<>(Category.class);
    for (Category category : Category.values()) {
      decks.put(category, new Deck(random.split()));
    }
    List<Category> all = List.of(Category.values());
    int hung = 0;
    int lastCode = 0;
    for (int group = 0; hung < codes.length; group++) {
      Category category = all.get(group / FAMILY % all.size());
      Deck deck = decks.get(category);
      lastCode = group % FAMILY == 0 ? deck.deal() : deck.dealNear(lastCode, Gallery.MOST_CHANGES);
      boolean once = hung > codes.length * (1 - SHOWN_ONCE);
      int end = Math.min(codes.length, hung + (once ? 1 : random.nextInt(2, 7)));
      Arrays.fill(categories, hung, end, category);
      Arrays.fill(codes, hung, end, lastCode);
      hung = end;
    }
  }

  /** Spreads the ids over the range of COCO's, in an order that says nothing of the garments. */
  private void number(SplittableRandom random) {
    int step = 581_929 / ids.length; // 581,929 is the largest image id of COCO 2017
    Chance.shuffle(ids, random);
    Arrays.setAll(ids, number -> 1 + ids[number] * step + random.nextInt(step));
  }

  int images() {
    return codes.length;
  }

  /** The COCO-like id of an image. */
  int id(int number) {
    return ids[number];
  }

  /** What an image shows. */
  Garment garment(int number) {
    return Garment.of(categories[number], codes[number]);
  }

  /** The queries of val, then those of test. */
  List<Query> queries() {
    int wanted = config.circoValQueries() + config.circoTestQueries();
    SplittableRandom random = Chance.CIRCO_QUERIES.of(config.seed(), 0);
    List<Query> queries = new ArrayList<>();
    for (Category category : Category.values()) {
      queries.addAll(queries(category, category.shareOf(wanted), random));
    }
    int[] order = IntStream.range(0, wanted).toArray();
    Chance.shuffle(order, random);
    return IntStream.of(order).mapToObj(queries::get).toList();
  }

  private List<Query> queries(Category category, int wanted, SplittableRandom random) {
    int[] numbers =
        IntStream.range(0, codes.length).filter(i -> categories[i] == category).toArray();
    Gallery gallery = new Gallery(IntStream.of(numbers).map(i -> codes[i]).toArray());
    int[] targets =
        IntStream.range(0, Garment.COMBINATIONS)
            .filter(code -> gallery.positions(code).length > 1)
            .toArray();
    Chance.shuffle(targets, random);
    List<Query> queries = new ArrayList<>();
    Set<Long> used = new HashSet<>();
    while (queries.size() < wanted) {
      int before = queries.size();
      for (int code : targets) {
        OptionalInt found =
            queries.size() == wanted
                ? OptionalInt.empty()
                : gallery.reference(code, position -> !used.contains(key(code, position)), random);
        if (found.isPresent()) {
          used.add(key(code, found.getAsInt()));
          int[] truths = IntStream.of(gallery.positions(code)).map(p -> numbers[p]).toArray();
          Chance.shuffle(truths, random);
          List<Integer> groundTruths = IntStream.of(truths).boxed().toList();
          queries.add(new Query(numbers[found.getAsInt()], groundTruths));
        }
      }
      if (queries.size() == before) {
        throw new WeftException(
            ExitCode.CONFIG,
            "Cannot draw %d CIRCO queries of %s: its %d images have only %d pairs of a reference"
                + " and a target garment that differ in 1 to %d attributes. Lower"
                + " wardrobe.circo-val-queries (now %d) or wardrobe.circo-test-queries (now %d), or"
                + " raise wardrobe.images (now %d).",
            wanted,
            category.key(),
            numbers.length,
            queries.size(),
            Gallery.MOST_CHANGES,
            config.circoValQueries(),
            config.circoTestQueries(),
            config.images());
      }
    }
    return queries;
  }

  private static long key(int code, int position) {
    return (long) code << 32 | position;
  }

  /** What the reference and the target of a query share, in words, such as "a red dress". */
  String sharedConcept(Query query, SplittableRandom random) {
    Garment reference = garment(query.reference());
    Set<Attribute> shared =
        EnumSet.complementOf(EnumSet.copyOf(reference.differences(garment(query.target()))));
    // People name one or two things that they share, not all.
    while (shared.size() > 2) {
      List<Attribute> named = List.copyOf(shared);
      shared.remove(Chance.pick(named, random));
    }
    return reference.describe(shared, random);
  }
}
