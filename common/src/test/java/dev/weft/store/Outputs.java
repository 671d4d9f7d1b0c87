package dev.weft.store;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Map;

/** Small outputs for the tests of the store. */
final class Outputs {
  static final Instant NOON = Instant.parse("2026-03-01T12:00:00Z");
  static final Clock CLOCK = Clock.fixed(NOON, ZoneOffset.UTC);

  private Outputs() {}

  static String key(String text) {
    return new RunKey(text, Map.of(), Map.of(), 1).hash();
  }

  static CommitRequest request(String key) {
    return new CommitRequest(
        key(key),
        new Provenance("config", Map.of("ingest", "attempt-0"), "1.0", 7, "17", "Linux"),
        Map.of(),
        Map.of("width", 384, "normalised", true, "metric", "inner product"),
        NOON);
  }

  /** An attempt with two files, not committed. */
  static Attempt written(Artefact artefact, String id) {
    Attempt attempt = artefact.begin(id);
    attempt.write("params.bin", ("params of " + id).getBytes(StandardCharsets.UTF_8));
    attempt.write("head/state.json", ("{\"of\": \"" + id + "\"}").getBytes(StandardCharsets.UTF_8));
    return attempt;
  }

  static Snapshot committed(Artefact artefact, String id, String key) {
    return written(artefact, id).commit(request(key));
  }
}
