package dev.weft.encode;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Names contents by their SHA-256. */
final class Fingerprint {
  private Fingerprint() {}

  /** The hash of the parts in order, each preceded by its length; 64 hexadecimal digits. */
  static String of(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        for (int shift = 24; shift >= 0; shift -= 8) {
          digest.update((byte) (part.length >>> shift));
        }
        digest.update(part);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
