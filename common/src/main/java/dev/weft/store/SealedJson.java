package dev.weft.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * A kind of JSON file that is protected by a checksum over all of its bytes:
 *
 * <pre>
 *   {
 *     "checksum" : "&lt;SHA-256 of the file with these 64 digits set to zero&gt;",
 *     "kind" : "weft-snapshot",
 *     "format" : 1,
 *     ...
 * </pre>
 *
 * @param kind what the files are, as they state it
 * @param format the newest format that this version of Weft knows and the one it writes
 * @param what what the files are called in messages, such as {@code manifest}
 * @param cure what to do about a damaged one, a sentence
 */
record SealedJson(String kind, int format, String what, String cure) {
  private static final String NO_CHECKSUM = "0".repeat(64);
  private static final String BEFORE_CHECKSUM = "{\n  \"checksum\" : \"";

  /** The content of a file that holds a record of plain JSON values. */
  byte[] write(Record content) {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("checksum", NO_CHECKSUM);
    json.put("kind", kind);
    json.put("format", format);
    json.setAll((ObjectNode) Json.MAPPER.valueToTree(content));
    try {
      byte[] bytes = Json.PRETTY.writeValueAsBytes(json);
      byte[] checksum = Sha256.of(bytes).getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(checksum, 0, bytes, BEFORE_CHECKSUM.length(), checksum.length);
      return bytes;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Cannot write the " + what + " " + content + ".", e);
    }
  }

  /**
   * Reads what {@link #write} wrote, or says plainly why not.
   *
   * @param bytes content of the file
   * @param type the record it holds
   * @param place where it lies, for the message
   * @throws WeftException {@link ExitCode#IO}, if the file is not what was written
   */
  <T extends Record> T read(byte[] bytes, Class<T> type, String place) {
    ObjectNode json = tree(bytes, place);
    String found = json.path("kind").asText();
    if (!found.equals(kind)) {
      throw new WeftException(
          ExitCode.IO,
          "Cannot read %s: it is of the kind '%s', not a %s of Weft ('%s'). Check the root.",
          place,
          found,
          what,
          kind);
    }
    int version = json.path("format").asInt();
    if (version > format) {
      throw new WeftException(
          ExitCode.IO,
          "Cannot read %s: it has format %d, and this Weft knows up to format %d. Use the newer"
              + " Weft that wrote it.",
          place,
          version,
          format);
    }
    String stated = json.path("checksum").asText();
    if (version < 1 || !stated.equals(checksum(bytes))) {
      throw damaged(null, place, "its checksum does not match its content");
    }
    json.remove(List.of("checksum", "kind", "format"));
    try {
      return Json.MAPPER.treeToValue(json, type);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw damaged(e, place, e.getMessage());
    }
  }

  private ObjectNode tree(byte[] bytes, String place) {
    JsonNode json;
    try {
      json = Json.MAPPER.readTree(bytes);
    } catch (IOException e) {
      throw damaged(e, place, "it is cut short or no JSON");
    }
    if (json instanceof ObjectNode object) {
      return object;
    }
    throw damaged(null, place, "it is empty or no JSON object");
  }

  /** The checksum that the file should state. */
  private static String checksum(byte[] bytes) {
    byte[] blank = bytes.clone();
    int from = Math.min(BEFORE_CHECKSUM.length(), bytes.length);
    int to = Math.min(from + NO_CHECKSUM.length(), bytes.length);
    Arrays.fill(blank, from, to, (byte) '0');
    return Sha256.of(blank);
  }

  private WeftException damaged(Throwable cause, String place, String why) {
    return new WeftException(
        cause, ExitCode.IO, "Cannot read the %s %s: %s. %s", what, place, why, cure);
  }
}
