package dev.weft.encode;

import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.commons.codec.digest.DigestUtils;

/** Names contents by their SHA-256. */
final class Fingerprint {
  private Fingerprint() {}

  /** The hash of the parts in order, each preceded by its length; 64 hexadecimal digits. */
  static String of(byte[]... parts) {
    MessageDigest digest = DigestUtils.getSha256Digest();
    for (byte[] part : parts) {
      for (int shift = 24; shift >= 0; shift -= 8) {
        digest.update((byte) (part.length >>> shift));
      }
      digest.update(part);
    }
    return HexFormat.of().formatHex(digest.digest());
  }
}
