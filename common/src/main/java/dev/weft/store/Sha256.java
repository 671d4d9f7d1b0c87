package dev.weft.store;

import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.regex.Pattern;
import org.apache.commons.codec.digest.DigestUtils;

/** The checksum of the store: SHA-256, written as 64 lower-case hexadecimal digits. */
final class Sha256 {
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

  private Sha256() {}

  static MessageDigest digest() {
    return DigestUtils.getSha256Digest();
  }

  static String hex(MessageDigest digest) {
    return HexFormat.of().formatHex(digest.digest());
  }

  static String of(byte[] content) {
    return DigestUtils.sha256Hex(content);
  }

  static boolean isOne(String text) {
    return HEX.matcher(text).matches();
  }
}
