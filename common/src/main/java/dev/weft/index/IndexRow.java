package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import dev.weft.ingest.ImageKey;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An image of an index.
 *
 * @param key names it
 * @param location URI of the image file
 * @param description what it shows, where that is known
 * @param attributes what it can be filtered by, besides its key: a String, Long, Double or Boolean
 *     by the name of its column; a column that is not named is null
 * @param vector {@code [D]}, of unit length; not copied, so nobody may change it
 */
@SuppressWarnings("ArrayRecordComponent") // vectors are multiplied, never compared
public record IndexRow(
    ImageKey key,
    String location,
    Optional<String> description,
    Map<String, Object> attributes,
    float[] vector) {

  /** How far from 1 the squared length of a vector may be. */
  private static final double TOLERANCE = 1e-3;

  /** The order of rows within a cell. */
  static final Comparator<IndexRow> ORDER = Comparator.comparing(IndexRow::key);

  /** Checks the length of the vector. */
  public IndexRow {
    double square = RowCode.square(vector);
    if (!(Math.abs(square - 1) <= TOLERANCE)) {
      throw new WeftException(
          ExitCode.INPUT_MISSING,
          "Cannot index the image %s: its vector has the length %.6f, and an index holds unit"
              + " vectors. Divide vectors by their length, or encode the image again.",
          key,
          Math.sqrt(square));
    }
    attributes = Collections.unmodifiableMap(new TreeMap<>(attributes));
  }
}
