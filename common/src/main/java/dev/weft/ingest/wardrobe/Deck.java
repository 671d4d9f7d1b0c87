package dev.weft.ingest.wardrobe;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Deals the garments of one gallery like cards: no combination of attributes comes twice before all
 * have come once, so that few images of a gallery show equal garments.
 */
final class Deck {
  private final SplittableRandom random;
  private final int[] cards = IntStream.range(0, Garment.COMBINATIONS).toArray();
  private final boolean[] dealt = new boolean[Garment.COMBINATIONS];
  private int next;
  private int left = Garment.COMBINATIONS;

  Deck(SplittableRandom random) {
    this.random = random;
    Chance.shuffle(cards, random);
  }

  /** Any code not dealt in this round. */
  int deal() {
    while (dealt[cards[next]]) {
      next++;
    }
    return take(cards[next]);
  }

  /**
   * A code not dealt in this round that is at most {@code most} attributes from another, if any.
   */
  int dealNear(int code, int most) {
    int chosen = -1;
    int candidates = 0;
    for (int other = 0; other < Garment.COMBINATIONS; other++) {
      if (!dealt[other] && other != code && Garment.distance(code, other) <= most) {
        candidates++;
        if (random.nextInt(candidates) == 0) { // keeps each candidate with equal chance
          chosen = other;
        }
      }
    }
    return chosen < 0 ? deal() : take(chosen);
  }

  private int take(int code) {
    dealt[code] = true;
    left--;
    if (left == 0) {
      Arrays.fill(dealt, false);
      Chance.shuffle(cards, random);
      next = 0;
      left = Garment.COMBINATIONS;
    }
    return code;
  }
}
