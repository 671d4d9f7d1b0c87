package dev.weft.ingest;

/** What ingest does with the image files; the constants are the values of the key. */
public enum ImageMode {
  /** Decodes and checks each one. */
  READ,
  /** Opens none: an annotation-only run, whose numbers are degraded. */
  NONE
}
