package dev.weft.index;

import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.util.List;

/**
 * A thing that only works together with one dual encoder: embeddings, a fusion head, an index.
 *
 * @param what its kind and place, for messages, such as {@code the index /weft/index version 3}
 * @param encoder fingerprint of the dual encoder and its preprocessing
 * @param width D, values per vector
 */
public record EncodedWith(String what, String encoder, int width) {

  /**
   * Stops unless all parts come from one encoder: vectors of two encoders can be multiplied, but
   * the products mean nothing.
   *
   * @param parts the encoder in use first
   */
  public static void requireSame(List<EncodedWith> parts) {
    for (EncodedWith part : parts) {
      EncodedWith first = parts.get(0);
      if (!part.encoder().equals(first.encoder()) || part.width() != first.width()) {
        throw new WeftException(
            ExitCode.CONFIG,
            "Cannot use %s with %s: it was made with the encoder %s (width %d), the other with %s"
                + " (width %d), so their vectors do not compare. Take the encoder it was made with,"
                + " or make it again with the other one.",
            part.what(),
            first.what(),
            part.encoder(),
            part.width(),
            first.encoder(),
            first.width());
      }
    }
  }
}
