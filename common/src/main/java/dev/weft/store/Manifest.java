package dev.weft.store;

import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one version of an artefact consists of; its file is a {@link SealedJson}.
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

  private static final SealedJson FILE =
      new SealedJson(
          "weft-snapshot",
          1,
          "manifest",
          "Restore the file from a copy, or remove it to give up that version.");

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
    return FILE.write(this);
  }

  /**
   * Reads a manifest's file, or says plainly why not.
   *
   * @param bytes content of the file
   * @param place where it lies, for the message
   */
  static Manifest parse(byte[] bytes, String place) {
    return FILE.read(bytes, Manifest.class, place);
  }
}
