package dev.weft.ingest;

/** One entry of an annotation file cannot be used; its neighbours can. */
final class BadEntryException extends RuntimeException {
  private final Reason reason;

  BadEntryException(Reason reason, String detail) {
    super(detail, null, false, false); // thousands may be thrown: no stack trace
    this.reason = reason;
  }

  Reason reason() {
    return reason;
  }
}
