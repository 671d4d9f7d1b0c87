package dev.weft.ingest;

/** The layouts of annotation files that ingest reads; the constants are the values of the key. */
public enum Layout {
  /** {@code captions/cap.<category>.<split>.json} and {@code image_splits/split...json}. */
  FASHIONIQ,
  /** {@code val.json} and {@code test.json} with several ground truths per query. */
  CIRCO,
  /** {@code captions/cap.rc2.<split>.json} and {@code image_splits/split.rc2.<split>.json}. */
  CIRR,
  /** One triplet a line, as in {@code data-schemas/custom-triplets.md}. */
  JSONL
}
