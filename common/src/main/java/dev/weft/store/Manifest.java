package dev.weft.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.weft.ExitCode;
import dev.weft.WeftException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one version of an artefact consists of. Its file is JSON, protected by a checksum over all
 * of its bytes:
 *
 * <pre>
 *   {
 *     "checksum" : "&lt;SHA-256 of the file with these 64 digits set to zero&gt;",
 *     "kind" : "weft-snapshot",
 *     "format" : 1,
 *     ...
 * </pre>
 *
 * @param artefact name of the artefact
 * @param version number of the version, from 1
 * @param attempt the attempt that made the output: what identifies the data, also after a roll-back
 * @param runKey {@link RunKey#hash} of the run that made the output
 * @param committed when this version was committed
 * @param provenance what the output was made from
 * @param schemas the schema of each table as DDL, by table name
 * @param facts what else readers need to know, as plain JSON values
 * @param files the files, a table's in the order of its partitions
 */
public record Manifest(
    String artefact,
    long version,
    String attempt,
    String runKey,
    Instant committed,
    Provenance provenance,
    Map<String, String> schemas,
    Map<String, Object> facts,
    List<FileEntry> files) {

  private static final String KIND = "weft-snapshot";
  private static final int FORMAT = 1;

  private static final String NO_CHECKSUM = "0".repeat(64);
  private static final String BEFORE_CHECKSUM = "{\n  \"checksum\" : \"";

  /** Copies the collections; maps are in the order of their keys. */
  public Manifest {
    if (version < 1) {
      throw new IllegalArgumentException("Cannot number a version " + version + ": from 1 on.");
    }
    schemas = Collections.unmodifiableMap(new TreeMap<>(schemas));
    facts = Collections.unmodifiableMap(new TreeMap<>(facts));
    files = List.copyOf(files);
  }

  /** The same output under another number. */
  Manifest as(long otherVersion, Instant time) {
    return new Manifest(
        artefact, otherVersion, attempt, runKey, time, provenance, schemas, facts, files);
  }

  /** The content of the manifest's file. */
  byte[] toBytes() {
    ObjectNode json = Json.MAPPER.createObjectNode();
    json.put("checksum", NO_CHECKSUM);
    json.put("kind", KIND);
    json.put("format", FORMAT);
    json.setAll((ObjectNode) Json.MAPPER.valueToTree(this));
    try {
      byte[] bytes = Json.PRETTY.writeValueAsBytes(json);
      byte[] checksum = Sha256.of(bytes).getBytes(StandardCharsets.US_ASCII);
      System.arraycopy(checksum, 0, bytes, BEFORE_CHECKSUM.length(), checksum.length);
      return bytes;
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("Cannot write the manifest " + this + ".", e);
    }
  }

  /**
   * Reads a manifest's file, or says plainly why not.
   *
   * @param bytes content of the file
   * @param place where it lies, for the message
   */
  static Manifest parse(byte[] bytes, String place) {
    ObjectNode json = tree(bytes, place);
    String kind = json.path("kind").asText();
    if (!kind.equals(KIND)) {
      throw new WeftException(
          ExitCode.IO,
          "Cannot read %s: it is of the kind '%s', not a manifest of Weft ('%s'). Check the root.",
          place,
          kind,
          KIND);
    }
    int format = json.path("format").asInt();
    if (format > FORMAT) {
      throw new WeftException(
          ExitCode.IO,
          "Cannot read %s: it has format %d, and this Weft knows up to format %d. Use the newer"
              + " Weft that wrote it.",
          place,
          format,
          FORMAT);
    }
    String stated = json.path("checksum").asText();
    if (format < 1 || !stated.equals(checksum(bytes))) {
      throw damaged(null, place, "its checksum does not match its content");
    }
    json.remove(List.of("checksum", "kind", "format"));
    try {
      return Json.MAPPER.treeToValue(json, Manifest.class);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw damaged(e, place, e.getMessage());
    }
  }

  private static ObjectNode tree(byte[] bytes, String place) {
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

  private static WeftException damaged(Throwable cause, String place, String why) {
    return new WeftException(
        cause,
        ExitCode.IO,
        "Cannot read the manifest %s: %s. Restore the file from a copy, or remove it to give up"
            + " that version.",
        place,
        why);
  }
}
