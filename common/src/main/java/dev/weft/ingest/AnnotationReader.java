package dev.weft.ingest;

import org.apache.hadoop.conf.Configuration;

/**
 * Reads the annotation files of one data set on the driver: they have megabytes, and the checks
 * need all of them. Implementations have no state.
 */
public sealed interface AnnotationReader
    permits FashionIqReader, CircoReader, CirrReader, JsonLinesReader {

  /**
   * Reads and checks every row.
   *
   * @param hadoop how to reach the file systems of the data source
   * @throws dev.weft.WeftException with {@link dev.weft.ExitCode#INPUT_MISSING} for a file that is
   *     missing or cannot be read as a whole; bad rows end in {@link Annotations#quarantined}
   */
  Annotations read(Configuration hadoop, DataSource source);

  /** The reader of a layout. */
  static AnnotationReader of(Layout layout) {
    return switch (layout) {
      case FASHIONIQ -> new FashionIqReader();
      case CIRCO -> new CircoReader();
      case CIRR -> new CirrReader();
      case JSONL -> new JsonLinesReader();
    };
  }
}
