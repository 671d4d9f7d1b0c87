package dev.weft.ingest.wardrobe;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Images of one category that queries search, found by the attributes they show. */
final class Gallery {
  /** Most attributes in which a reference and its target differ. */
  static final int MOST_CHANGES = 3;

  private static final int GUESSES = 8;

  private final int[] codes;
  private final int[][] positions = new int[Garment.COMBINATIONS][];

  /**
   * @param codes the garment code of each image
   */
  Gallery(int[] codes) {
    this.codes = codes;
    int[] counts = new int[Garment.COMBINATIONS];
    for (int code : codes) {
      counts[code]++;
    }
    Arrays.setAll(positions, code -> new int[counts[code]]);
    for (int position = codes.length - 1; position >= 0; position--) {
      int code = codes[position];
      positions[code][--counts[code]] = position;
    }
  }

  int size() {
    return codes.length;
  }

  int code(int position) {
    return codes[position];
  }

  /** The images that show exactly these attributes, ascending. */
  int[] positions(int code) {
    return positions[code];
  }

  /**
   * A reference image for a target that differs from it in 1 to {@link #MOST_CHANGES} attributes,
   * mostly one or two.
   *
   * @param code the garment code of the target
   * @param free which images may be taken
   * @return the position of the reference, or nothing where no free image is near enough
   */
  OptionalInt reference(int code, IntPredicate free, SplittableRandom random) {
    double chance = random.nextDouble();
    int wished = chance < 0.45 ? 1 : chance < 0.85 ? 2 : 3;
    for (int changes = 0; changes < MOST_CHANGES; changes++) {
      int distance = 1 + (wished - 1 + changes) % MOST_CHANGES;
      int[] codesThere = codesAt(code, distance);
      OptionalInt found = guess(codesThere, free, random);
      if (found.isEmpty()) {
        found = search(codesThere, free, random);
      }
      if (found.isPresent()) {
        return found;
      }
    }
    return OptionalInt.empty();
  }

  /** The codes of this gallery that differ from {@code code} in {@code distance} attributes. */
  private int[] codesAt(int code, int distance) {
    return IntStream.range(0, Garment.COMBINATIONS)
        .filter(other -> positions[other].length > 0 && Garment.distance(code, other) == distance)
        .toArray();
  }

  /** Tries a few images at random: enough wherever most of them are free. */
  private OptionalInt guess(int[] among, IntPredicate free, SplittableRandom random) {
    int images = IntStream.of(among).map(code -> positions[code].length).sum();
    for (int guess = 0; images > 0 && guess < GUESSES; guess++) {
      int rest = random.nextInt(images);
      int group = 0;
      while (rest >= positions[among[group]].length) {
        rest -= positions[among[group]].length;
        group++;
      }
      if (free.test(positions[among[group]][rest])) {
        return OptionalInt.of(positions[among[group]][rest]);
      }
    }
    return OptionalInt.empty();
  }

  private OptionalInt search(int[] among, IntPredicate free, SplittableRandom random) {
    int[] found =
        IntStream.of(among).flatMap(code -> IntStream.of(positions[code])).filter(free).toArray();
    return found.length == 0
        ? OptionalInt.empty()
        : OptionalInt.of(found[random.nextInt(found.length)]);
  }
}
