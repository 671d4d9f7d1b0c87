package dev.weft.ingest.wardrobe;

import java.util.Locale;

/** The disjoint sets of images: 70% train, 25% val, 5% test of each category. */
enum Split {
  TRAIN(0, 70),
  VAL(70, 95),
  TEST(95, 100);

  private final int fromPercent;
  private final int toPercent;

  Split(int fromPercent, int toPercent) {
    this.fromPercent = fromPercent;
    this.toPercent = toPercent;
  }

  /** The name in file names, such as {@code val}. */
  String key() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** First image of the split among {@code count} images of a category. */
  int from(int count) {
    return (int) ((long) count * fromPercent / 100);
  }

  /** One past the last image of the split among {@code count} images of a category. */
  int to(int count) {
    return (int) ((long) count * toPercent / 100);
  }
}
