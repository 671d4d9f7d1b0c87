package dev.weft.ingest;

/** An image cannot be used: it is too large, empty, or not decodable to the last pixel. */
public final class BadImageException extends Exception {
  private final Reason reason;

  /**
   * @param reason what kind of wrong
   * @param detail the values, in words
   */
  public BadImageException(Reason reason, String detail) {
    super(detail);
    this.reason = reason;
  }

  /** As above, with what the decoder said. */
  public BadImageException(Reason reason, String detail, Throwable cause) {
    super(detail, cause);
    this.reason = reason;
  }

  /** What kind of wrong. */
  public Reason reason() {
    return reason;
  }
}
