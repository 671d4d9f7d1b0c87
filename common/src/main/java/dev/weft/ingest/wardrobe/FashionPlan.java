package dev.weft.ingest.wardrobe;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Which garment every FashionIQ-style image shows and which images form triplets: all that is
 * needed to draw any image or write any file by itself.
 *
 * <p>Images are numbered from 0, category by category, and split by split within a category. The
 * plan takes one int an image. Instances are immutable and safe to share between threads.
 */
final class FashionPlan {
  /** Share of a split's images that may be targets; the others only fill the gallery. */
  private static final double TARGETS = 0.8;

  private final WardrobeConfig config;
  private final int[] codes;
  private final Map<Category, Integer> first = new EnumMap<>(Category.class);
  private final NavigableMap<Integer, Category> categoryAt = new TreeMap<>();

  /**
   * A reference and its target.
   *
   * @param reference number of the reference image
   * @param target number of the target image
   */
  record Pair(int reference, int target) {}

  /**
   * The files of one category in one split.
   *
   * @param category whose images
   * @param split which of them
   * @param pairs the triplets, in the order of the file
   */
  record Part(Category category, Split split, List<Pair> pairs) {
    Part {
      pairs = List.copyOf(pairs);
    }
  }

  FashionPlan(WardrobeConfig config) {
    this.config = config;
    this.codes = new int[config.images()];
    int start = 0;
    for (Category category : Category.values()) {
      first.put(category, start);
      categoryAt.put(start, category);
      start += category.shareOf(codes.length);
      for (Split split : Split.values()) {
        Deck deck = new Deck(Chance.GARMENTS.of(config.seed(), key(category, split)));
        int firstOfSplit = from(category, split);
        for (int number = firstOfSplit; number < to(category, split); number++) {
          // Every second image is a variation of the one before: even a small split has pairs.
          boolean variation = (number - firstOfSplit) % 2 == 1;
          codes[number] =
              variation ? deck.dealNear(codes[number - 1], Gallery.MOST_CHANGES) : deck.deal();
        }
      }
    }
  }

  int images() {
    return codes.length;
  }

  /** The image numbers of a split that are there already, ascending. */
  IntStream numbers(Category category, Split split) {
    return IntStream.range(from(category, split), to(category, split)).filter(this::delivered);
  }

  /**
   * Whether an image is there already: of the train images of each category the first {@code
   * wardrobe.delivered-percent}, so that a wardrobe grows with that setting and nothing that was
   * there changes.
   */
  boolean delivered(int number) {
    Category category = categoryAt.floorEntry(number).getValue();
    int start = from(category, Split.TRAIN);
    int end = to(category, Split.TRAIN);
    return number >= end || number - start < (long) (end - start) * config.deliveredPercent() / 100;
  }

  /** Whether both images of a triplet are there already. */
  boolean delivered(Pair pair) {
    return delivered(pair.reference()) && delivered(pair.target());
  }

  /** What an image shows. */
  Garment garment(int number) {
    return Garment.of(categoryAt.floorEntry(number).getValue(), codes[number]);
  }

  /** The id of an image: ten characters like those of FashionIQ, unique within a seed. */
  String id(int number) {
    long mask = (1L << 40) - 1;
    // Three steps that each map 40-bit numbers one to one.
    long mixed = (number + config.seed() * 0x9E3779B97FL) & mask;
    mixed = (mixed * 0x5851F42D4DL) & mask;
    mixed ^= mixed >>> 19;
    mixed = (mixed * 0x14057B7EF7L) & mask;
    StringBuilder id = new StringBuilder("B0");
    for (int shift = 35; shift >= 0; shift -= 5) {
      id.append("0123456789ABCDEFGHIJKLMNOPQRSTUV".charAt((int) (mixed >>> shift & 31)));
    }
    return id.toString();
  }

  /** Every category in every split. */
  List<Part> parts() {
    List<Part> parts = new ArrayList<>();
    for (Category category : Category.values()) {
      for (Split split : Split.values()) {
        parts.add(new Part(category, split, pairs(category, split)));
      }
    }
    return parts;
  }

  /**
   * The triplets of a split: the target first, then a reference near it. No pair comes twice, and
   * targets repeat only where there are more triplets than targets.
   */
  List<Pair> pairs(Category category, Split split) {
    int wanted = category.shareOf(config.triplets(split));
    int start = from(category, split);
    Gallery gallery = gallery(category, split);
    SplittableRandom random = Chance.TRIPLETS.of(config.seed(), key(category, split));
    int[] order = IntStream.range(0, gallery.size()).toArray();
    Chance.shuffle(order, random);
    int[] targets = Arrays.copyOf(order, Math.max(1, (int) (TARGETS * order.length)));
    List<Pair> pairs = new ArrayList<>(wanted);
    Set<Pair> used = new HashSet<>();
    while (pairs.size() < wanted) {
      int before = pairs.size();
      for (int target : targets) {
        if (pairs.size() == wanted) {
          break;
        }
        OptionalInt reference =
            gallery.reference(
                gallery.code(target),
                position -> !used.contains(new Pair(start + position, start + target)),
                random);
        if (reference.isPresent()) {
          Pair pair = new Pair(start + reference.getAsInt(), start + target);
          pairs.add(pair);
          used.add(pair);
        }
      }
      if (pairs.size() == before) {
        throw new WeftException(
            ExitCode.CONFIG,
            "Cannot draw %d %s triplets of %s: among its %d images only %d pairs differ in 1 to %d"
                + " attributes. Lower wardrobe.%s-triplets (now %d) or raise wardrobe.images (now"
                + " %d).",
            wanted,
            category.key(),
            split.key(),
            gallery.size(),
            pairs.size(),
            Gallery.MOST_CHANGES,
            split.key(),
            config.triplets(split),
            config.images());
      }
    }
    return pairs;
  }

  /** How many other images of its gallery show the garment of a triplet's target, on average. */
  double twins(Part part) {
    Gallery gallery = gallery(part.category(), part.split());
    return part.pairs().stream()
        .mapToInt(pair -> gallery.positions(codes[pair.target()]).length - 1)
        .average()
        .orElse(0);
  }

  private Gallery gallery(Category category, Split split) {
    return new Gallery(Arrays.copyOfRange(codes, from(category, split), to(category, split)));
  }

  /** A number for a category of a split, to key randomness by. */
  static long key(Category category, Split split) {
    return (category.key() + "/" + split.key()).hashCode();
  }

  private int from(Category category, Split split) {
    return first.get(category) + split.from(category.shareOf(codes.length));
  }

  private int to(Category category, Split split) {
    return first.get(category) + split.to(category.shareOf(codes.length));
  }
}
