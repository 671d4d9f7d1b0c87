package dev.weft.ingest;

/**
 * Something wrong with one row or one image: a row of the table {@code quarantine} where it was
 * left out for it, or a note where it was kept.
 *
 * @param dataset name of the data set
 * @param file URI of the file
 * @param place where in the file, such as {@code entry 17, line 172} or {@code line 3}; entries
 *     count from 0 as triplet ids do, lines from 1; empty for a whole file
 * @param reason what kind of wrong
 * @param detail the values, in words
 */
public record Finding(String dataset, String file, String place, Reason reason, String detail) {

  /** One line for a message: reason, place and values. */
  public String describe() {
    return reason.label() + " in " + file + (place.isEmpty() ? "" : ", " + place) + ": " + detail;
  }
}
