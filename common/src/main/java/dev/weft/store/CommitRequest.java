package dev.weft.store;

import java.time.Instant;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What a commit says about its files.
 *
 * @param runKey {@link RunKey#hash} of the run
 * @param provenance what the output was made from
 * @param schemas the schema of each table as DDL, by table name: exactly the tables with files
 * @param facts what else readers need to know, as plain JSON values: figures, the width, metric and
 *     fingerprint of vectors. Numbers come back as Integer, Long or Double.
 * @param time when the commit is made
 * @param parent the version this output continues, 0 for none yet. If it is no longer the newest
 *     the commit is refused. Empty if any order of versions is right.
 */
public record CommitRequest(
    String runKey,
    Provenance provenance,
    Map<String, String> schemas,
    Map<String, Object> facts,
    Instant time,
    OptionalLong parent) {

  /** A commit that does not continue a certain version. */
  public CommitRequest(
      String runKey,
      Provenance provenance,
      Map<String, String> schemas,
      Map<String, Object> facts,
      Instant time) {
    this(runKey, provenance, schemas, facts, time, OptionalLong.empty());
  }

  /** Checks the key. */
  public CommitRequest {
    if (!Sha256.isOne(runKey)) {
      throw new IllegalArgumentException(
          "Cannot commit with the run key '" + runKey + "': it must be RunKey.hash().");
    }
  }
}
