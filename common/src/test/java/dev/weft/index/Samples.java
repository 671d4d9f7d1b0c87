package dev.weft.index;

import dev.weft.ingest.ImageKey;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/** Small indexes for tests. */
final class Samples {
  static final Clock CLOCK = Clock.fixed(Instant.parse("2026-03-01T12:00:00Z"), ZoneOffset.UTC);
  static final IndexColumns PRICED = new IndexColumns(Map.of("price", IndexColumns.Kind.DOUBLE));

  private Samples() {}

  static float[] unit(SplittableRandom random, int width) {
    float[] vector = new float[width];
    for (int i = 0; i < width; i++) {
      vector[i] = (float) random.nextDouble(-1, 1);
    }
    return unit(vector);
  }

  private static float[] unit(float[] vector) {
    double length = Math.sqrt(RowCode.square(vector));
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= (float) length;
    }
    return vector;
  }

  /** Vectors around a few centres; every fifth is the same as the one before. */
  static List<float[]> clustered(SplittableRandom random, int count, int width, int centres) {
    List<float[]> middle = new ArrayList<>();
    for (int i = 0; i < centres; i++) {
      middle.add(unit(random, width));
    }
    List<float[]> vectors = new ArrayList<>();
    while (vectors.size() < count) {
      float[] vector = middle.get(random.nextInt(centres)).clone();
      float[] noise = unit(random, width);
      for (int i = 0; i < width; i++) {
        vector[i] += 0.7f * noise[i];
      }
      vectors.add(vectors.size() % 5 == 4 ? vectors.get(vectors.size() - 1).clone() : unit(vector));
    }
    return vectors;
  }

  static ImageKey key(int number) {
    return new ImageKey("shop", number % 3 == 0 ? "dress" : "shirt", "id-" + number);
  }

  static IndexRow row(int number, float[] vector) {
    Map<String, Object> attributes =
        number % 7 == 0 ? Map.of() : Map.of("price", (double) (number % 100));
    return new IndexRow(
        key(number),
        "file:/images/" + number + ".png",
        number % 2 == 0 ? Optional.of("number " + number) : Optional.empty(),
        attributes,
        vector);
  }

  static IndexContract contract(int width) {
    return IndexContract.of(width, "encoder-1", "gated", 1);
  }
}
