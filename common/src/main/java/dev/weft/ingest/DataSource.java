package dev.weft.ingest;

import dev.weft.config.Rules;

/**
 * One data set to read: an entry of {@code ingest.datasets}.
 *
 * @param name a short name of letters, digits, dot, dash and underscore; {@code fashioniq} and
 *     {@code circo} assert the published counts
 * @param layout how its annotations are laid out
 * @param annotations URI of the folder (or file, for {@link Layout#JSONL}) of the annotations
 * @param images URI of the folder of the image files or of tar archives of them, empty for an
 *     annotation-only data set
 * @param descriptions URI of a JSON-lines file of what the images show, or empty
 */
public record DataSource(
    String name, Layout layout, String annotations, String images, String descriptions) {

  public DataSource {
    Rules.of("ingest.datasets")
        .require(
            name.matches("[A-Za-z0-9][A-Za-z0-9._-]{0,63}"),
            "name",
            name,
            "must be 1 to 64 letters, digits, dots, dashes or underscores")
        .require(!annotations.isBlank(), "annotations", annotations, "must name a folder or a file")
        .enforce();
  }

  /** Whether there is a folder of image files. */
  public boolean hasImages() {
    return !images.isBlank();
  }
}
