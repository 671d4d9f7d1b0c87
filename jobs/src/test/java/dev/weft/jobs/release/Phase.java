package dev.weft.jobs.release;

import java.nio.file.Path;

/** Where a scheduled run is when it is killed: after a certain call of its file system. */
enum Phase {
  INGEST("create", "/ingest/data/", 2),
  ALIGN("create", "/align/data/", 1),
  ENCODE("create", "/encode/shards/data/", 2),
  TRAIN("create", "/train/gated/checkpoint/data/[^/]*/params.bin$", 2),
  HEAD("create", "/train/gated/data/", 2),
  EVALUATE_CHAMPION("create", "/evaluate/champion/data/", 1),
  EVALUATE("create", "/evaluate/data/", 2),
  INDEX("create", "/index/data/", 1),
  /** What is new is complete, and nothing released. */
  RELEASE("create", "/release/data/", 1),
  /** It is released, and nobody wrote down that this was decided. */
  DECISION("create", "/fine-tune/data/", 1),
  /** It is written down and read back, and the records of stage and run say that they go on. */
  RECORD("open", "/fine-tune/_versions/", 1);

  private final String call;
  private final String files;
  private final int number;

  Phase(String call, String files, int number) {
    this.call = call;
    this.files = files;
    this.number = number;
  }

  /** A pattern of the call and of the path of its file, under a root. */
  String calls(Path root) {
    return "^" + call + " " + root + files;
  }

  /** Which of these calls of a run it is. */
  int number() {
    return number;
  }
}
