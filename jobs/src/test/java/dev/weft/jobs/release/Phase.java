package dev.weft.jobs.release;

/** Where a scheduled run is when it is killed: it has just created this file, empty so far. */
enum Phase {
  INGEST("/ingest/data/", 2),
  ALIGN("/align/data/", 1),
  ENCODE("/encode/shards/data/", 2),
  TRAIN("/train/gated/checkpoint/data/[^/]*/params.bin$", 2),
  HEAD("/train/gated/data/", 2),
  EVALUATE_CHAMPION("/evaluate/champion/data/", 1),
  EVALUATE("/evaluate/data/", 2),
  INDEX("/index/data/", 1),
  /** What is new is complete, and nothing released. */
  RELEASE("/release/data/", 1),
  /** It is released, and nobody wrote down that this was decided. */
  DECISION("/fine-tune/data/", 1),
  /** It is written down, and the records of stage and run say that they go on. */
  RECORD_OF_STAGE("/fine-tune/_runs/", 3),
  /** The same; the record of the run is half written. */
  RECORD_OF_RUN("/fine-tune/_runs/", 4);

  private final String files;
  private final int number;

  Phase(String files, int number) {
    this.files = files;
    this.number = number;
  }

  /** A pattern of the path of the file. */
  String files() {
    return files;
  }

  /** Which of the files that a run creates there it is. */
  int number() {
    return number;
  }
}
